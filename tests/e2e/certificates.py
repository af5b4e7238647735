"""A throw-away certificate authority."""

import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


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
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public_key)
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                .not_valid_after(now + datetime.timedelta(days=2))
                .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
                .add_extension(x509.SubjectAlternativeName(names), critical=False)
                .sign(self.key, hashes.SHA256()))

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
