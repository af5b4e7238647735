"""The years that have rules, and their ceilings."""

from .oslo_time import oslo_today, recent_day

CEILING_KRONER = {2021: 2460, 2022: 2921, 2023: 3040, 2024: 3165, 2025: 3278, 2026: 3278}
CEILING = {year: kroner * 100 for year, kroner in CEILING_KRONER.items()}
LATER_CEILING_KRONER = 3400  # what ceilings() makes up for a year without a published one


def present_years():
    """The years of services that are reported now, late or minutes early."""
    return range(oslo_today().year - 1, recent_day(-1).year + 1)


def ceilings(years):
    """A section of a configuration: made-up ceilings in kroner for those of the years that are not built in."""
    return {year: LATER_CEILING_KRONER for year in years if year not in CEILING_KRONER}


def ceiling_ore(year):
    """The ceiling of a year where ceilings() is configured."""
    return 100 * CEILING_KRONER.get(year, LATER_CEILING_KRONER)
