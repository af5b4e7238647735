#include "api/submissions/whole_submission.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "api/http/admission.h"
#include "api/http/awaitables.h"
#include "ingest/items/clock.h"
#include "ingest/items/json_text.h"
#include "ingest/writer/result_text.h"

namespace api {
namespace {

using ParsedItems = std::vector<ingest::ParsedItem>;

/// A body up to this is parsed on the network thread; a larger one would keep it from others.
constexpr std::size_t quick_body_bytes_max = 16U << 10;

Problem too_many_items(std::size_t items_max) {
  return {413, "TOO_LARGE",
          "More than " + std::to_string(items_max) + " items in a body; split the request.", ""};
}

Problem too_many_for_a_group(SubmissionForm form) {
  const std::string most = std::to_string(ingest::group_items_max) + " items.";
  if (form.is_dry_run) {
    return {413, "TOO_LARGE", "A dry run takes at most " + most + " Split the request.", "dryRun"};
  }
  return {413, "TOO_LARGE", "All or nothing holds for at most " + most, "atomic"};
}

/// Whether the first of the items may come in; asked before the others are parsed, because a flood
/// shall be refused at no more than the price of reading it.
bool has_room(const Submissions& service, const ingest::ParsedItem& first, std::size_t items,
              Problem& problem) {
  const auto checked = service.keeper().check(
      sender_of(first), std::clamp(items, 1UL, service.limits().submission_items_max()));
  if (!checked) problem = problem_of(checked.error());
  return checked.has_value();
}

/// An item, or an array of them. Nothing, and a problem, when the request is refused.
std::optional<ParsedItems> parse_json(const SubmissionRequest& submission, Problem& problem) {
  const Submissions& service = submission.service;
  const Request& request = submission.connection.request();
  const std::size_t items_max = service.limits().body_items_max;
  const ledger::Instant received = ingest::now();
  std::vector<std::string_view> elements;
  if (!ingest::split_json(request.body, elements, items_max)) {
    const std::string fault = ingest::json_fault(request.body);
    problem = {400, "MALFORMED_REQUEST",
               fault.empty() ? "The body is not a JSON object or array."
                             : "The body is not valid JSON: " + fault + '.',
               ""};
    return std::nullopt;
  }
  if (elements.size() > items_max) {
    problem = too_many_items(items_max);
    return std::nullopt;
  }
  ParsedItems items;
  items.reserve(elements.size());
  for (const std::string_view element : elements) {
    items.push_back(submission.parse(element, received));
    const bool is_first_of_many = items.size() == 1 && elements.size() > 1;
    if (is_first_of_many && !has_room(service, items.front(), elements.size(), problem)) {
      return std::nullopt;
    }
  }
  return items;
}

/// Not std::count, which looks at a byte at a time.
std::size_t count_line_ends(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    ++count;
  }
  return count;
}

/// An item a line. Nothing, and a problem, when the request is refused.
std::optional<ParsedItems> parse_lines(const SubmissionRequest& submission, Problem& problem) {
  const Submissions& service = submission.service;
  const std::size_t items_max = service.limits().body_items_max;
  const ledger::Instant received = ingest::now();
  const std::string_view body = submission.connection.request().body;
  ParsedItems items;
  items.reserve(std::min(body.size() / 200 + 1, items_max));
  for (std::size_t begin = 0; begin < body.size();) {
    const std::size_t end = std::min(body.find('\n', begin), body.size());
    const std::string_view line = body.substr(begin, end - begin);
    begin = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (items.size() == items_max) {
      problem = too_many_items(items_max);
      return std::nullopt;
    }
    items.push_back(submission.parse(line, received));
    if (items.size() == 1) {
      if (!has_room(service, items.front(), count_line_ends(body), problem)) {
        return std::nullopt;
      }
    }
  }
  return items;
}

/// Submits a part of a request, and returns it with its answer.
Awaitable<SubmissionPtr> submit_part(const SubmissionRequest& request, ParsedItems items,
                                     std::size_t first_index) {
  const LedgerKeeper& keeper = request.service.keeper();
  Connection& connection = request.connection;
  ++connection.lane().awaited_submissions;
  auto submission = make_submission(request, std::move(items), first_index);
  auto [reply] = co_await async_submit(keeper, std::move(submission), awaited);
  // Once the beginning is committed, the rest waits for its turn: 429 says that nothing was.
  while (reply->first_index != 0 && is_overload(reply->error)) {
    connection.allow_a_piece();
    Timer pause(connection.lane().context, queue_full_pause);
    co_await pause.async_wait(awaited);
    std::unique_ptr<HttpSubmission> again(static_cast<HttpSubmission*>(reply.release()));
    again->error = {};
    auto [answered] = co_await async_submit(keeper, std::move(again), awaited);
    reply = std::move(answered);
  }
  --connection.lane().awaited_submissions;
  co_return std::move(reply);
}

/// Results are an object a line, and receipts are divided by commas.
Response json_answer(std::string results, std::string_view receipts) {
  std::replace(results.begin(), results.end(), '\n', ',');
  if (!results.empty()) results.pop_back();
  Response response;
  response.body.reserve(results.size() + receipts.size() + 32);
  response.body.append("{\"results\":[").append(results);
  response.body.append("],\"receipts\":[").append(receipts).append("]}");
  return response;
}

}  // namespace

Awaitable<void> serve_whole_submission(SubmissionRequest& request) {
  const SubmissionForm form = request.form;
  Connection& connection = request.connection;
  const Limits& limits = request.service.limits();
  const bool is_read = co_await connection.read_whole_body(limits.json_body_bytes_max);
  if (!is_read) co_return;
  Problem problem;
  const auto parse = [&]() {
    return form.is_json ? parse_json(request, problem) : parse_lines(request, problem);
  };
  std::optional<ParsedItems> parsed;
  if (connection.request().body.size() <= quick_body_bytes_max) {
    parsed = parse();
  } else {
    std::function<std::optional<ParsedItems>()> work = parse;
    parsed =
        co_await run_on(connection.network().parsers, connection.lane().context, std::move(work));
  }
  if (parsed && form.is_one_group() && parsed->size() > ingest::group_items_max) {
    problem = too_many_for_a_group(form);
    parsed.reset();
  }
  if (!parsed) {
    co_await connection.refuse(std::move(problem));
    co_return;
  }
  const std::size_t count = parsed->size();
  if (count != 0) {
    const auto excess = connection.gate().limit_items(connection.request().caller,
                                                      sender_of(parsed->front()), count);
    if (excess) {
      Response limited = rate_refusal(*excess, connection.request().correlation_id);
      co_await connection.answer(std::move(limited));
      co_return;
    }
  }
  std::string results;
  std::string receipts;
  const std::size_t part_items = form.is_one_group() ? count : limits.submission_items_max();
  for (std::size_t first = 0; first < count; first += part_items) {
    const std::size_t end = std::min(count, first + part_items);
    ParsedItems part;
    if (first == 0 && end == count) {
      part = std::move(*parsed);
    } else {
      part.assign(std::make_move_iterator(parsed->begin() + static_cast<std::ptrdiff_t>(first)),
                  std::make_move_iterator(parsed->begin() + static_cast<std::ptrdiff_t>(end)));
    }
    const SubmissionPtr reply = co_await submit_part(request, std::move(part), first);
    if (reply->error) {
      problem = problem_of(reply->error);
      co_await connection.refuse(std::move(problem));
      co_return;
    }
    if (first == 0) {
      results = std::move(reply->results);
    } else {
      results += reply->results;
    }
    if (!has_receipt(*reply)) continue;
    if (form.is_json) {
      if (!receipts.empty()) receipts += ',';
      append_receipt(receipts, *reply);
    } else {
      append_receipt(results, *reply);
      results += '\n';
    }
  }
  Response response;
  if (form.is_json) {
    response = json_answer(std::move(results), receipts);
  } else {
    response.content_type = "application/x-ndjson";
    response.body = std::move(results);
  }
  co_await connection.answer(std::move(response));
}

}  // namespace api
