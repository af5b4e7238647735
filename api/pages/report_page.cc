// The page from its top to its end: the verdict in words first, then figures, then tables. Texts
// are whole sentences. Money stays in integer øre; shares and what goes into plots are doubles.

#include "api/pages/report_page.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <span>
#include <stdexcept>

#include "api/pages/report_html.h"
#include "api/pages/report_json.h"
#include "api/pages/report_plot.h"
#include "api/pages/report_style.h"
#include "api/pages/report_timeliness.h"

namespace api::report {
namespace {

std::string title_of(const json::object& statement) {
  return fmt::format("Co-payments of {}: statement {}", integer(statement, "year"),
                     text(statement, "statement"));
}

// ---- the verdict ----

std::string verdict_on_differences(const json::object& statement) {
  const std::uint64_t differences = count(object(statement, "differences"), "count");
  if (differences == 0) {
    return verdict(Verdict::good,
                   "No differences: every person-year, worked out again from the registrations, "
                   "agrees with the ledger.");
  }
  return verdict(Verdict::bad, counted(differences, "difference", "differences") +
                                   " between the ledger and the year worked out again from the "
                                   "registrations: <a href=\"#differences\">by kind</a>.");
}

std::string verdict_on_series(const json::object& statement) {
  std::string out;
  const json::object* const previous = object_or_null(statement, "previous");
  const json::object* const changes = object_or_null(statement, "changes");
  if (previous != nullptr && !is_null(*previous, "isConfirmed") &&
      !flag(*previous, "isConfirmed")) {
    out +=
        verdict(Verdict::bad,
                "The totals of the <a href=\"#changes\">statement before</a> are not confirmed.");
  }
  if (changes != nullptr && !flag(*changes, "isExplained")) {
    out += verdict(Verdict::bad,
                   "The <a href=\"#changes\">changes since the last statement</a> are not "
                   "explained.");
  }
  return out;
}

std::string verdict_on_refunds(const json::object& statement) {
  const json::object& refunds = object(statement, "refunds");
  std::string out = fmt::format("To pay now: {} kroner to {}.", unbroken(kroner(refunds, "payOre")),
                                counted(count(refunds, "payPersons"), "person", "persons"));
  if (const std::uint64_t persons = count(refunds, "takeBackPersons"); persons != 0) {
    out += fmt::format(" To take back: {} kroner from {}.",
                       unbroken(kroner(-integer(refunds, "takeBackOre"))),
                       counted(persons, "person", "persons"));
  }
  return verdict(Verdict::neutral, out);
}

std::string verdict_on_time(const json::object& statement) {
  std::string out;
  if (flag(statement, "isDryRun")) {
    out += verdict(Verdict::bad,
                   "Dry run: this is not one of the year's statements, and names nothing to be "
                   "paid.");
  }
  if (!flag(statement, "isYearOver")) {
    out += verdict(Verdict::bad,
                   fmt::format("Early: the year {} is not over.", integer(statement, "year")));
  }
  return out +
         verdict(Verdict::neutral,
                 fmt::format("Co-payments of {} may be reported until {} and credited until {}; "
                             "payments are never too late. What comes after this statement is in "
                             "the next one.",
                             integer(statement, "year"), day_text(date(statement, "lastReportDay")),
                             day_text(date(statement, "lastCreditNoteDay"))));
}

std::string coverage(const json::object& statement) {
  std::string out = fmt::format(
      "<h1>{}</h1>\n<p>Year-end reconciliation of co-payments (<i lang=\"nb\">egenandeler</i>) and "
      "exemption cards (<i lang=\"nb\">frikort</i>) for services of {}. It covers everything that "
      "the journal holds up to the position below. <a href=\"#words\">Words</a> are explained at "
      "the end.</p>\n",
      title_of(statement), integer(statement, "year"));
  out += verdict_on_differences(statement) + verdict_on_series(statement);
  out += verdict_on_targets(object(statement, "timeliness"));
  out += verdict_on_refunds(statement) + verdict_on_time(statement);
  out += "<dl>\n";
  out += definition("Made at", minute_text(instant(statement, "madeAt")) + ", Norwegian time");
  out += definition("Ceiling (<i lang=\"nb\">egenandelstak</i>), kroner",
                    kroner(statement, "ceilingOre"));
  out += definition("Journal position", text(statement, "position"));
  out += definition("Root", hash(statement, "root"));
  out += definition("Rule pack", hash(statement, "rulePack"));
  return out + "</dl>\n";
}

// ---- key figures ----

std::string tiles(const json::object& statement) {
  const json::object& totals = object(statement, "totals");
  const json::object& timeliness = object(statement, "timeliness");
  // Null where nothing came.
  const std::string lag = is_null(timeliness, "averageLagDays")
                              ? std::string(nothing)
                              : decimal(number(timeliness, "averageLagDays", 1e6), 1);
  std::string out = "<dl class=\"tiles\">\n";
  out += definition("Co-payments", number_text(totals, "registrations"));
  out += definition("Counted, kroner", kroner(totals, "countedOre"));
  out += definition("Persons", number_text(totals, "persons"));
  out += definition("Exemption cards", number_text(totals, "cards"));
  out += definition("Refunds due, kroner", kroner(totals, "refundedOre"));
  out += definition("Days from service to receipt, on average", lag);
  return out + "</dl>\n";
}

/// The parts of a whole, and what makes them the whole if they are not.
std::string copayments_table(const json::object& totals) {
  struct Part {
    std::string_view label, number, amount;
  };
  static constexpr Part parts[] = {
      {"Counted towards the ceiling", "counted", "countedOre"},
      {"Not paid yet", "unpaid", "unpaidOre"},
      {"Credited", "credited", "creditedOre"},
      {"Of zero amount", "zeroAmount", ""},
  };
  std::vector<Row> rows;
  std::int64_t numbers = integer(totals, "registrations");
  std::int64_t amounts = integer(totals, "amountOre");
  for (const Part& part : parts) {
    const std::int64_t amount = part.amount.empty() ? 0 : integer(totals, part.amount);
    numbers -= integer(totals, part.number);
    amounts -= amount;
    rows.push_back({std::string(part.label), number_text(totals, part.number), kroner(amount)});
  }
  if (numbers != 0 || amounts != 0) {
    rows.push_back({"Not counted for another reason", signed_number(numbers), kroner(amounts)});
  }
  rows.push_back({"Together: co-payments registered", number_text(totals, "registrations"),
                  kroner(totals, "amountOre")});
  return table("What became of the co-payments", {"What", "Number", "Kroner"}, rows);
}

std::string persons_table(const json::object& totals) {
  const std::int64_t cards = integer(totals, "cards");
  const std::int64_t under_review = integer(totals, "cardsUnderReview");
  const std::int64_t payouts = integer(totals, "payouts");
  return table(
      "From cards to refunds", {"What", "Number"},
      {{"Persons with a co-payment", number_text(totals, "persons")},
       {"Exemption cards, one a person", number_text(totals, "cards")},
       {"− cards under review", signed_number(-under_review)},
       {"− cards at the ceiling to the øre", signed_number(payouts - cards + under_review)},
       {"Together: persons with a refund due", number_text(totals, "payouts")}});
}

std::string key_figures(const json::object& statement) {
  const json::object& totals = object(statement, "totals");
  const std::uint64_t all = count(totals, "registrations");
  const std::uint64_t zero = count(totals, "zeroAmount");
  std::string out = tiles(statement);
  out += pair(copayments_table(totals), persons_table(totals));
  out += paragraph(fmt::format(
      "A zero amount is normal: nothing was charged, most often because the person had a card or "
      "was exempt. Such co-payments, {} of all, are reported for their timeliness only.",
      percent(share_of(zero, all))));
  out += table("Reported later about them", {"What", "Number"},
               {{"Payments", number_text(totals, "payments")},
                {"Credit notes", number_text(totals, "creditNotes")}});
  return section("figures", "The year in numbers", out);
}

std::string refunds_section(const json::object& statement) {
  const json::object& totals = object(statement, "totals");
  const json::object& refunds = object(statement, "refunds");
  const std::string lines = fmt::format(
      "What is counted above the ceiling is refunded, line by line: {} for this year. "
      "Lines below zero take back what credit notes undid. The refund file of each "
      "statement names what the statements before have not: whoever pays each file "
      "once has paid what is due.",
      counted(count(totals, "refundLines"), "refund line", "refund lines"));
  return section(
      "refunds", "Refunds",
      paragraph(lines) +
          table("From what is due to what is to be paid now", {"What", "Persons", "Kroner"},
                {{"Due for the year", number_text(totals, "payouts"), kroner(refunds, "dueOre")},
                 {"− named by the statements before", std::string(nothing),
                  kroner(-integer(refunds, "namedOre"))},
                 {"Together: now", std::string(nothing), kroner(refunds, "toPayOre")},
                 {"of which to pay", number_text(refunds, "payPersons"), kroner(refunds, "payOre")},
                 {"of which to take back", number_text(refunds, "takeBackPersons"),
                  kroner(refunds, "takeBackOre")}}));
}

// ---- parts of the year ----

std::string_view service_name(std::string_view code) {
  static constexpr std::pair<std::string_view, std::string_view> names[] = {
      {"A", "pharmacy"},
      {"S", "hospital pharmacy"},
      {"B", "medical supplies"},
      {"LE", "doctor"},
      {"HS", "health station"},
      {"PO", "outpatient clinic"},
      {"LR", "laboratory, radiology"},
      {"PS", "psychologist"},
      {"PR", "patient travel"},
      {"BR", "treatment abroad"},
      {"TB", "dentist"},
      {"RH", "rehabilitation"},
      {"FT", "physiotherapist"},
  };
  for (const auto& [known, name] : names) {
    if (known == code) return name;
  }
  return "";
}

std::string services_section(const json::object& statement) {
  std::vector<Row> rows;
  for (const json::object* const row : objects(statement, "serviceTypes")) {
    rows.push_back({fmt::format("{} {}", text(*row, "serviceType"),
                                service_name(raw_text(*row, "serviceType"))),
                    number_text(*row, "registrations"), kroner(*row, "amountOre"),
                    kroner(*row, "countedOre"), kroner(*row, "refundedOre")});
  }
  const json::object& totals = object(statement, "totals");
  rows.push_back({"Together", number_text(totals, "registrations"), kroner(totals, "amountOre"),
                  kroner(totals, "countedOre"), kroner(totals, "refundedOre")});
  return section("services", "Service types",
                 table("Amounts are in kroner",
                       {"Service type", "Co-payments", "Amount", "Counted", "Refund due"}, rows));
}

std::string lateness_section(const json::object& statement) {
  const json::object& cost = object(statement, "latenessCost");
  const std::vector<Row> rows = {
      {"Persons", number_text(cost, "persons")},
      {"Because reports came late, kroner", kroner(cost, "byLatenessOre")},
      {"Although there was a card, kroner", kroner(cost, "despiteCardOre")},
      {"Together: avoidable payments, kroner", kroner(cost, "overpaidOre")},
      {"Kroner-days", kroner(cost, "oreDays")},
  };
  return section(
      "lateness", "What lateness cost citizens",
      paragraph("Avoidable payments are those that citizens made after the day on which they would "
                "have had their card, had every report come at once. They are refunded; until "
                "then citizens lend the money. One krone lent for one day is one krone-day.") +
          table("Avoidable payments", {"What", "Figure"}, rows));
}

// ---- changes and differences ----

struct Label {
  std::string_view name, label;
};
constexpr Label total_labels[] = {
    {"registrations", "Co-payments registered"},
    {"amountOre", "Co-payments registered, kroner"},
    {"unpaid", "Not paid yet"},
    {"unpaidOre", "Not paid yet, kroner"},
    {"zeroAmount", "Of zero amount"},
    {"credited", "Credited"},
    {"creditedOre", "Credited, kroner"},
    {"counted", "Counted towards the ceiling"},
    {"countedOre", "Counted towards the ceiling, kroner"},
    {"payments", "Payments reported later"},
    {"creditNotes", "Credit notes"},
    {"persons", "Persons"},
    {"cards", "Exemption cards"},
    {"cardsUnderReview", "Exemption cards under review"},
    {"refundLines", "Refund lines"},
    {"refundedOre", "Refund lines, kroner"},
    {"payouts", "Persons with a refund due"},
    {"payoutOre", "Refunds due, kroner"},
};

std::string total_label(std::string_view name) {
  for (const Label& known : total_labels) {
    if (known.name == name) return std::string(known.label);
  }
  return escaped(name);
}

/// A change of one of the totals; names that end in Ore are amounts.
Row change_row(std::string_view name, std::int64_t change) {
  const std::string size = name.ends_with("Ore") ? kroner(change) : signed_number(change);
  return {total_label(name), fmt::format("{}{}", change > 0 ? "+" : "", size)};
}

std::string previous_statement(const json::object& previous) {
  std::string out = "<dl>\n";
  out += definition("Statement before", text(previous, "statement"));
  out += definition("Its journal position", text(previous, "position"));
  out += definition("SHA-256 of its manifest", hash(previous, "manifestSha256"));
  out += definition("Its totals, worked out again, are",
                    is_null(previous, "isConfirmed") ? "not known: its files are gone"
                    : flag(previous, "isConfirmed")  ? "confirmed"
                                                     : "not confirmed");
  return out + "</dl>\n";
}

std::string changes_of(const json::object& changes) {
  const bool is_explained = flag(changes, "isExplained");
  std::string out = verdict(is_explained ? Verdict::good : Verdict::bad,
                            is_explained ? "What came since then explains every change."
                                         : "What came since then does not explain the changes.");
  std::vector<Row> rows;
  for (const auto& [name, value] : object(changes, "totals")) {
    rows.push_back(change_row({name.data(), name.size()}, integer(value, "totals")));
  }
  return out + pair(table("Came since then", {"What", "Number"},
                          {{"Co-payments", number_text(changes, "copayments")},
                           {"Payments reported later", number_text(changes, "payments")},
                           {"Credit notes", number_text(changes, "creditNotes")}}),
                    table("Changes of the totals", {"What", "Change"}, rows));
}

std::string changes_section(const json::object& statement) {
  std::string out;
  if (const json::object* const previous = object_or_null(statement, "previous")) {
    out += previous_statement(*previous);
  }
  if (const json::object* const changes = object_or_null(statement, "changes")) {
    out += changes_of(*changes);
  }
  if (out.empty()) return {};
  return section("changes", "Changes since the last statement", out);
}

std::string differences_section(const json::object& statement) {
  const json::object& found = object(statement, "differences");
  if (count(found, "count") == 0) return {};
  std::vector<Row> rows;
  for (const auto& [kind, value] : object(found, "byKind")) {
    const std::uint64_t number = count(value, "byKind");
    if (number != 0) rows.push_back({escaped(kind), grouped(number)});
  }
  return section(
      "differences", "Differences by kind",
      paragraph("Each one is a row of <code>differences.csv</code>, down to the field.") +
          table("Kinds", {"Kind", "Number"}, rows));
}

// ---- how to check, words ----

std::string checking_section() {
  return section(
      "checking", "How to check this statement",
      paragraph("<code>manifest.json</code> has the SHA-256 of every file of the statement, and "
                "<code>manifest.sig</code> an Ed25519 signature over the SHA-256 of "
                "<code>manifest.json</code>. The public key is <code>signing.pub</code> in the "
                "folder of the ledger's keys, and served at <code>/.well-known/jwks.json</code>; "
                "keep a copy of your own. Without this program:") +
          "<pre>scripts/audit.py EXPORT --public-key signing.pub --statement FOLDER</pre>\n" +
          paragraph(
              "checks hashes and signature, and works every figure out again from an export "
              "of the journal (<code>frikort export --journal</code>). This page is made from "
              "<code>statement.json</code> and is not signed itself."));
}

std::string words_section() {
  static constexpr std::pair<std::string_view, std::string_view> words[] = {
      {"Co-payment", "What a citizen is charged for a service, reported by the practice."},
      {"Ceiling", "The sum of a calendar year above which co-payments are refunded."},
      {"Counted", "Paid, above zero, not credited: it counts towards the ceiling."},
      {"Credited", "Taken back by the practice with a credit note; it does not count any more."},
      {"Exemption card", "Issued when the counted sum of a person reaches the ceiling."},
      {"Under review", "A card whose sum fell under the ceiling again. It goes on to exempt."},
      {"Refund line", "An amount due, or taken back, for one co-payment. Lines are never changed."},
      {"Position", "The place of an entry in the journal. The statement covers all up to its own."},
      {"Root",
       "A hash over everything in the journal up to the position. It changes with any of "
       "it."},
      {"Rule pack", "The hash of the rules, such as the ceilings, that cards were decided by."},
  };
  std::string out = "<dl class=\"words\">\n";
  for (const auto& [word, meaning] : words) out += definition(word, meaning);
  return section("words", "Words", out + "</dl>\n");
}

std::string page_of(const json::object& statement) {
  std::string body = coverage(statement);
  body += differences_section(statement);
  body += key_figures(statement);
  body += timeliness_section(statement);
  body += cards_section(statement);
  body += refunds_section(statement);
  body += services_section(statement);
  body += lateness_section(statement);
  body += changes_section(statement);
  body += checking_section() + words_section();
  // The policy lets the browser itself refuse whatever would load or run.
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</"
      "html>\n",
      title_of(statement), style, body);
}

}  // namespace
}  // namespace api::report

namespace api {

std::string report_page(std::string_view statement) {
  boost::json::error_code error;
  const boost::json::value parsed = boost::json::parse(statement, error);
  if (error || !parsed.is_object()) {
    throw std::runtime_error("not a statement: the text is not a JSON object");
  }
  return report::page_of(parsed.get_object());
}

}  // namespace api
