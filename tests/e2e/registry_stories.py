"""Items and events of registries that change what had been decided, in the order in which they come."""

import random

import frikort_server as fs
from frikort_server import dated

YEAR = 2024
NOON = "12:00:00+01:00"


def path_of(line):
    """Where an item or event is sent to."""
    if "eventId" not in line:
        return "/v1/registrations"
    return "/v1/person-events" if "personId" in line else "/v1/practice-events"


def event(kind, number, day, **fields):
    return {"eventId": fs.new_guid(), "type": kind, "personId": number, "receivedTime": f"{day}T{NOON}", **fields}


def practice(identifier, day, **fields):
    return {"eventId": fs.new_guid(), "practiceId": identifier, "name": "Øvre Legekontor",
            "receivedTime": f"{day}T{NOON}", **fields}


def pays(number, kroner, day, **over):
    return dated(day, 100 * kroner, personId=number, **over)


def two_cards():
    """The other's card is older, and stays. The ceiling is 3165."""
    one, two = fs.new_person(), fs.new_person()
    return [pays(one, 3200, "2024-05-01"), pays(two, 3000, "2024-01-02"), pays(two, 400, "2024-02-01"),
            event("merged", two, "2024-06-01", otherPersonId=one), pays(one, 100, "2024-06-02")]


def crossing():
    one, two, three = fs.new_person(), fs.new_person(), fs.new_person()
    late = pays(two, 1000, "2024-01-15")
    return [pays(one, 1500, "2024-02-01"), late, pays(one, 900, "2024-03-01"),
            event("numberChanged", one, "2024-04-01", newPersonId=two),
            event("numberChanged", two, "2024-04-02", newPersonId=three), pays(three, 300, "2024-04-03"),
            fs.credit_note(late, received="2024-05-01"), event("numberChanged", three, "2024-05-02", newPersonId=one)]


def birth_dates():
    """After the card, corrected; then before the first item, with the birthday on 29 February."""
    one, two = fs.new_person(), fs.new_person()
    return [pays(one, 2000, "2024-01-10"), pays(one, 2000, "2024-03-10"),
            event("birthDate", one, "2024-05-01", birthDate="2008-02-01"), pays(one, 300, "2024-01-09"),
            event("birthDate", one, "2024-05-10", birthDate="2008-01-10"),
            event("birthDate", two, "2024-01-01", birthDate="2008-02-29"), pays(two, 4000, "2024-02-28"),
            pays(two, 3300, "2024-02-29"), event("birthDate", two, "2024-06-01", birthDate="1990-01-01"),
            event("died", two, "2024-06-02", date="2024-06-01"), event("died", two, "2024-06-03", date=None)]


def settled_by_the_other():
    """A birth date that fills in stops what the one who stays had got back."""
    one, two = fs.new_person(), fs.new_person()
    return [pays(one, 2000, "2024-01-10"), pays(one, 2000, "2024-06-10"), pays(two, 3500, "2024-06-12"),
            event("birthDate", two, "2024-06-13", birthDate="2008-03-01"),
            event("minimumPension", two, "2024-06-14", periods=[{"from": "2024-01-01", "to": "2024-02-01"},
                                                                {"from": "2024-03-01", "to": None}]),
            event("merged", one, "2024-07-01", otherPersonId=two)]


def opted_out():
    """Payment, credit note and merge meanwhile; out and in twice."""
    one, two = fs.new_person(), fs.new_person()
    first, unpaid = pays(one, 1500, "2024-01-10"), pays(one, 900, "2024-01-20", paid=False)
    other, hidden = pays(two, 1900, "2024-01-25"), pays(one, 800, "2024-02-08")
    return [first, unpaid, other, pays(two, 1400, "2024-02-01"), event("optedOut", one, "2024-02-05"),
            fs.payment(unpaid, received="2024-02-06"), fs.credit_note(first, received="2024-02-07"), hidden,
            event("merged", one, "2024-02-10", otherPersonId=two), event("optedIn", two, "2024-03-01"),
            pays(one, 100, "2024-03-05"), fs.credit_note(hidden, received="2024-03-06"),
            event("optedOut", two, "2024-03-07"), event("optedOut", two, "2024-03-08"),
            event("birthDate", two, "2024-03-09", birthDate="2010-01-01"),
            fs.credit_note(other, received="2024-03-10"), event("optedIn", one, "2024-03-11"),
            event("optedIn", one, "2024-03-12"), pays(two, 20, "2024-03-13")]


def practices():
    return [practice("99", "2024-01-01"), pays(fs.new_person(), 100, "2024-01-02", practiceId="99"),
            practice("99", "2024-02-01", practiceType="LEGE", organisationNumbers=["974760673"], hprNumbers=["9144897"],
                     personIds=[fs.new_person()], agreements=[{"from": "2024-01-01", "to": None}])]


def anything(count, seed):
    """Items and events in any order, of few persons, so that much happens to each."""
    choose = random.Random(seed)
    numbers, items, lines = [fs.new_person() for _ in range(40)], [], []
    for i in range(count):
        number, day = choose.choice(numbers), f"2024-{6 + i * 6 // count:02}-{1 + i % 28:02}"
        kind = choose.choices(("item", "follow", "born", "out", "in", "join"), (40, 20, 8, 5, 8, 2))[0]
        if kind == "item":
            items.append(pays(number, choose.choice((0, 500, 900, 2000, 3200)), f"2024-0{choose.randint(1, 5)}-15",
                              received=day, paid=choose.random() < 0.7))
            lines.append(items[-1])
        elif kind == "follow" and items:
            lines.append(choose.choice((fs.payment, fs.credit_note))(choose.choice(items), received=day))
        elif kind == "born":
            born = choose.choice(("1990-01-01", "2008-02-29", "2008-04-01", "2012-01-01"))
            lines.append(event("birthDate", number, day, birthDate=born))
        elif kind == "join":
            other = choose.choice([other for other in numbers if other != number])
            lines.append(event("merged", number, day, otherPersonId=other))
        else:
            lines.append(event("optedOut" if kind == "out" else "optedIn", number, day))
    return lines


STORIES = (two_cards, crossing, birth_dates, settled_by_the_other, opted_out, practices)
