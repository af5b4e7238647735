#include "tests/ledger/reference/stories.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ledger/records/fingerprint.h"
#include "ledger/values/rfc3339.h"

namespace ledger::test {
namespace {

constexpr std::uint32_t names_max = 20;  // of persons and of guids, in one story

std::string number_sign(Position position) { return "#" + std::to_string(position.value()); }

std::string signed_text(Money amount) {
  return (amount > Money() ? "+" : "") + std::to_string(amount.ore());
}

std::string card_name(int year, const CardId& card) {
  for (std::uint32_t person = 1; person <= names_max; ++person) {
    for (std::uint32_t guid = 1; guid <= names_max; ++guid) {
      if (card_id_of({PersonId{person}, year}, guid_of(guid)) != card) continue;
      return "p" + std::to_string(person) + "g" + std::to_string(guid);
    }
  }
  return "a card of nobody";
}

std::string two_digits(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

/// In UTC, as the stories give times.
std::string utc_text(Instant time) {
  constexpr std::int64_t day = 86'400;
  const std::int64_t seconds = time.seconds % day;
  return to_string(Date{std::chrono::days{time.seconds / day}}) + "T" + two_digits(seconds / 3600) +
         ":" + two_digits(seconds / 60 % 60) + ":" + two_digits(seconds % 60) + "Z";
}

std::string at(std::string_view day, std::string_view time) {
  return std::string(day) + "T" + std::string(time) + "Z";
}

StoryStep step_of(const ItemBuilder& item) {
  StoryStep step;
  step.what = item.build();
  return step;
}

StoryStep step_of(PersonEventType type, std::uint32_t number, std::string_view day) {
  PersonEvent event;
  event.type = type;
  event.person = person_number(number);
  event.received = instant(at(day, "12:00:00"));
  StoryStep step;
  step.what = event;
  return step;
}

StoryStep step_of(PersonEventType type, std::uint32_t number, std::uint32_t other,
                  std::string_view day) {
  StoryStep step = step_of(type, number, day);
  std::get<PersonEvent>(step.what).other = person_number(other);
  return step;
}

ItemBuilder copayment(std::uint32_t number, std::uint32_t guid, std::int64_t ore,
                      std::string_view day) {
  return a_copayment().of_person(number).guid(guid).of_ore(ore).on(at(day, "10:00:00"));
}

}  // namespace

StoryStep& StoryStep::of(std::uint64_t kept, std::uint64_t merged) {
  person = PersonId{kept};
  other = PersonId{merged};
  return *this;
}

StoryStep& StoryStep::answers(std::string text) {
  answer = std::move(text);
  return *this;
}

StoryStep& StoryStep::leaves(std::string account, std::string text) {
  accounts[std::move(account)] = std::move(text);
  return *this;
}

StoryStep& StoryStep::knows(std::string of_person, std::string text) {
  persons[std::move(of_person)] = std::move(text);
  return *this;
}

StoryStep& StoryStep::tells(std::initializer_list<std::string> texts) {
  events = texts;
  return *this;
}

StoryStep pays(std::uint32_t number, std::uint32_t guid, std::int64_t ore, std::string_view day) {
  return step_of(copayment(number, guid, ore, day));
}

StoryStep owes(std::uint32_t number, std::uint32_t guid, std::int64_t ore, std::string_view day) {
  return step_of(copayment(number, guid, ore, day).paid(false));
}

StoryStep payment_of(std::uint32_t guid, std::string_view day) {
  return step_of(a_payment().guid(guid).received_at(at(day, "12:00:00")));
}

StoryStep credit_of(std::uint32_t guid, std::string_view day) {
  return step_of(a_credit_note().guid(guid).received_at(at(day, "12:00:00")));
}

StoryStep born(std::uint32_t number, std::string_view birth_date, std::string_view day) {
  StoryStep step = step_of(PersonEventType::birth_date, number, day);
  std::get<PersonEvent>(step.what).date = date(birth_date);
  return step;
}

StoryStep merged(std::uint32_t number, std::uint32_t other, std::string_view day) {
  return step_of(PersonEventType::merged, number, other, day);
}

StoryStep number_changed(std::uint32_t from, std::uint32_t to, std::string_view day) {
  return step_of(PersonEventType::number_changed, from, to, day);
}

StoryStep opted_out(std::uint32_t number, std::string_view day) {
  return step_of(PersonEventType::opted_out, number, day);
}

StoryStep opted_in(std::uint32_t number, std::string_view day) {
  return step_of(PersonEventType::opted_in, number, day);
}

std::vector<Story> all_stories() {
  std::vector<Story> all;
  for (const auto& stories :
       {merge_stories(), number_stories(), birth_date_stories(), opt_out_stories()}) {
    all.insert(all.end(), stories.begin(), stories.end());
  }
  for (Story& story : all) {
    for (std::size_t i = 0; i < story.steps.size(); ++i) {
      auto* const event = std::get_if<PersonEvent>(&story.steps[i].what);
      if (event) event->event_id = guid_of(1000 + static_cast<std::uint32_t>(i));
    }
  }
  return all;
}

const RulePack& story_rules() {
  static const RulePack rules = small_rules(Money::from_ore(100));
  return rules;
}

std::string answer_text(const Verdict& verdict) {
  const std::string text = verdict.counted ? "counted" : std::string(name_of(verdict.reason));
  return verdict.exempt ? text + ", exempt" : text;
}

std::string key_text(const AccountKey& key) {
  return std::to_string(key.person.value()) + "/" + std::to_string(key.year);
}

std::string account_text(int year, const Account& account) {
  std::string text = std::to_string(account.counted_sum.ore()) + " [" + number_sign(account.newest);
  if (account.changed_by != account.newest) text += " " + number_sign(account.changed_by);
  text += "]";
  if (account.card) {
    const ExemptionCard& card = *account.card;
    text += card.state == CardState::active ? "; active " : "; under review ";
    text += card_name(year, card.id) + " from " + to_string(card.entitled_from);
    text += ", crossed " + number_sign(card.crossing) + ", issued " + number_sign(card.issued_by);
    text += " " + utc_text(card.issued_at);
  }
  const char* before = "; ";
  for (const RefundLine& line : account.refund_lines) {
    text += before + signed_text(line.amount) + " " + number_sign(line.registration) + "/" +
            number_sign(line.cause);
    before = ", ";
  }
  return text;
}

std::string event_text(const Event& event, Position cause) {
  std::string text(name_of(event.type));
  if (event.type == EventType::person_merged) {
    text += " " + std::to_string(event.account.person.value());
    text += " " + std::to_string(event.merged.value());
    for (const ReplacedCard& card : event.replaced_cards) {
      text += " " + std::to_string(card.year) + " " + card_name(card.year, card.card) +
              " instead of " + card_name(card.year, card.replaced);
    }
  } else {
    text += " " + key_text(event.account);
  }
  if (is_about_card(event.type)) {
    text +=
        " " + card_name(event.account.year, event.card) + " from " + to_string(event.entitled_from);
  }
  if (event.type == EventType::entitlement_moved) text += " was " + to_string(event.moved_from);
  if (!event.amount.is_zero()) text += " " + signed_text(event.amount);
  if (event.registration != Position()) text += " for " + number_sign(event.registration);
  if (event.cause != cause) text += " by " + number_sign(event.cause);
  return text;
}

std::string person_text(const std::optional<Date>& birth_date, bool is_opted_out,
                        const EncryptedNumber& in_use, std::vector<EncryptedNumber> numbers) {
  std::string text;
  if (birth_date) text += "born " + to_string(*birth_date) + "; ";
  if (is_opted_out) text += "opted out; ";
  text += "numbers *" + std::to_string(number_of(Guid{in_use.bytes}));
  std::sort(numbers.begin(), numbers.end());
  for (const EncryptedNumber& number : numbers) {
    if (number != in_use) text += " " + std::to_string(number_of(Guid{number.bytes}));
  }
  return text;
}

void expect_story(const Story& story, StoryWorld& world) {
  std::map<std::string, std::string> accounts;
  for (std::size_t i = 0; i < story.steps.size(); ++i) {
    const StoryStep& step = story.steps[i];
    const Position position{i + 1};
    SCOPED_TRACE(story.name + ", " + number_sign(position));
    for (const auto& [key, text] : step.accounts) accounts[key] = text;
    std::erase_if(accounts, [](const auto& account) { return account.second.empty(); });

    const StorySeen seen = world.take(step, position);
    EXPECT_EQ(seen.answer, step.answer);
    EXPECT_EQ(seen.person, step.person);
    EXPECT_EQ(seen.other, step.other);
    EXPECT_EQ(seen.accounts, accounts);
    EXPECT_EQ(seen.events, step.events);
    for (const auto& [id, text] : step.persons) {
      const auto found = seen.persons.find(id);
      EXPECT_EQ(found == seen.persons.end() ? "nobody" : found->second, text) << "person " << id;
    }
  }
}

}  // namespace ledger::test
