"""National numbers: valid synthetic ones without end, and such as are wrong in one way."""

import itertools
import threading

# Published synthetic and sample numbers.
PUBLISHED_NUMBERS = (
    "22898595734", "53859401909", "17839597738", "47927200909", "25909799913",
    "13527248013", "68467038838", "02013299997", "30108299939",
)

_K1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_K2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def _weighted(digits, weights):
    return sum(int(d) * w for d, w in zip(digits, weights))


def rests(number):
    """The two rests of a number; (0, 0) under the rule of today."""
    first = (_weighted(number[:9], _K1) + int(number[9])) % 11
    second = (_weighted(number[:10], _K2) + int(number[10])) % 11
    return first, second


def with_check_digits(nine, first_rest=0):
    """Completes nine digits so that the first rest is `first_rest` and the second 0; None if a digit would be 10."""
    k1 = (first_rest - _weighted(nine, _K1)) % 11
    if k1 == 10:
        return None
    ten = nine + str(k1)
    k2 = -_weighted(ten, _K2) % 11
    return None if k2 == 10 else ten + str(k2)


_DAYS, _MONTHS, _YEARS, _SERIES = 28, 12, 40, 500
_SPACE = _DAYS * _MONTHS * _YEARS * _SERIES


def nine_digits(step, day_add=0, month_add=80):
    """The first nine digits of the step-th candidate: born 1950-1989, individual number 000-499."""
    spread = step * 1_000_003 % _SPACE
    spread, day = divmod(spread, _DAYS)
    spread, month = divmod(spread, _MONTHS)
    series, year = divmod(spread, _YEARS)
    return f"{day + 1 + day_add:02}{month + 1 + month_add:02}{year + 50:02}{series:03}"


class _Numbers:
    """A lazily grown list of valid synthetic numbers, the same in every run."""

    def __init__(self, day_add, month_add):
        self.day_add = day_add
        self.month_add = month_add
        self.found = []
        self.step = 0
        self.lock = threading.Lock()

    def get(self, index):
        with self.lock:
            while len(self.found) <= index:
                number = with_check_digits(nine_digits(self.step, self.day_add, self.month_add))
                self.step += 1
                if number is not None:
                    self.found.append(number)
            return self.found[index]


_plain, _dnumbers = _Numbers(0, 80), _Numbers(40, 80)
_month40, _month65 = _Numbers(0, 40), _Numbers(0, 65)


def synthetic_number(index):
    """Valid synthetic national number (month + 80)."""
    return _plain.get(index)


def synthetic_dnumber(index):
    """Valid synthetic D-number (day + 40, month + 80)."""
    return _dnumbers.get(index)


def synthetic_number_40(index):
    return _month40.get(index)


def synthetic_number_65(index):
    return _month65.get(index)


def number_with_rest(first_rest, start=0):
    """A synthetic number whose first rest is as given; 1-3 are valid from 2032 only, 4-10 never."""
    for step in itertools.count(start):
        number = with_check_digits(nine_digits(step), first_rest)
        if number is not None:
            return number


def number_with_date(day_month_year, start=0):
    """Right check digits on six digits of a date part that may be impossible."""
    for series in range(start, 1000):
        number = with_check_digits(f"{day_month_year}{series:03}")
        if number is not None:
            return number
    raise AssertionError("no candidate")


def wrong_last_digit(number):
    return number[:10] + str((int(number[10]) + 1) % 10)
