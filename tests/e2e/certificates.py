"""A throw-away certificate authority."""

import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS = 90  # as long as public authorities give
USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
          "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


def pem_of(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Authority:

    def __init__(self, folder, name="test CA"):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self.sign(self.key.public_key(), self.name, is_authority=True)
        self.file = os.path.join(folder, name.replace(" ", "_") + ".pem")
        with open(self.file, "wb") as file:
            file.write(self.certificate.public_bytes(serialization.Encoding.PEM))

    def sign(self, public_key, subject, is_authority=False):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public_key)
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=DAYS)))
        for extension, critical in self.extensions(public_key, is_authority):
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def extensions(self, public_key, is_authority):
        """Those that strict clients want to see."""
        usages = dict.fromkeys(USAGES, False) | {"digital_signature": not is_authority, "key_cert_sign": is_authority}
        yield x509.BasicConstraints(is_authority, None), True
        yield x509.KeyUsage(**usages), True
        yield x509.SubjectKeyIdentifier.from_public_key(public_key), False
        yield x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False
        if not is_authority:
            yield x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            yield x509.SubjectAlternativeName(names), False

    def issue(self, name, mode=0o600):
        """Certificate file, key file and serial number."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.sign(key.public_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        files = [os.path.join(self.folder, f"{name}.{kind}.pem") for kind in ("certificate", "key")]
        for path, content in zip(files, (certificate.public_bytes(serialization.Encoding.PEM), pem_of(key))):
            with open(path, "wb") as file:
                file.write(content)
            os.chmod(path, mode)
        return files[0], files[1], certificate.serial_number
