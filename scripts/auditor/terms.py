"""What journal and tables have words for, and how they write it."""

COPAYMENT, PAYMENT, CREDIT_NOTE = 1, 2, 3
TYPES = {COPAYMENT: "copayment", PAYMENT: "payment", CREDIT_NOTE: "creditNote"}
SERVICES = {1: "A", 2: "S", 3: "B", 4: "LE", 5: "HS", 6: "PO", 7: "LR", 8: "PS", 9: "PR", 10: "BR",
            11: "TB", 12: "RH", 13: "FT"}
TRUTHS = {False: "false", True: "true"}
EXEMPTION_BY_CARD = "F"
REASONS = {0: None, 40: "CREDITED", 41: "UNPAID", 42: "ZERO_AMOUNT", 43: "UNDER_16"}


class Finding(Exception):
    """Something does not fit; the text says where, what, and against what."""


def position_text(position):
    return f"0-{position}"


def guid_text(guid):
    digits = guid.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
