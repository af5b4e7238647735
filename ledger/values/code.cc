#include "ledger/values/code.h"

namespace ledger {

std::string_view name_of(Code code) {
  switch (code) {
    case Code::none:
      return "";
    case Code::malformed_item:
      return "MALFORMED_ITEM";
    case Code::invalid_type:
      return "INVALID_TYPE";
    case Code::unknown_field:
      return "UNKNOWN_FIELD";
    case Code::missing_field:
      return "MISSING_FIELD";
    case Code::duplicate_field:
      return "DUPLICATE_FIELD";
    case Code::invalid_guid:
      return "INVALID_GUID";
    case Code::invalid_practice_id:
      return "INVALID_PRACTICE_ID";
    case Code::invalid_person_id:
      return "INVALID_PERSON_ID";
    case Code::invalid_service_type:
      return "INVALID_SERVICE_TYPE";
    case Code::invalid_service_time:
      return "INVALID_SERVICE_TIME";
    case Code::invalid_amount:
      return "INVALID_AMOUNT";
    case Code::invalid_paid:
      return "INVALID_PAID";
    case Code::invalid_exemption:
      return "INVALID_EXEMPTION";
    case Code::invalid_received_time:
      return "INVALID_RECEIVED_TIME";
    case Code::exempt_with_amount:
      return "EXEMPT_WITH_AMOUNT";
    case Code::practice_not_allowed:
      return "PRACTICE_NOT_ALLOWED";
    case Code::content_conflict:
      return "CONTENT_CONFLICT";
    case Code::unknown_practice:
      return "UNKNOWN_PRACTICE";
    case Code::no_agreement:
      return "NO_AGREEMENT";
    case Code::no_rules_for_year:
      return "NO_RULES_FOR_YEAR";
    case Code::future_service_time:
      return "FUTURE_SERVICE_TIME";
    case Code::time_barred:
      return "TIME_BARRED";
    case Code::no_card_registered:
      return "NO_CARD_REGISTERED";
    case Code::unknown_original:
      return "UNKNOWN_ORIGINAL";
    case Code::original_credited:
      return "ORIGINAL_CREDITED";
    case Code::too_old_to_credit:
      return "TOO_OLD_TO_CREDIT";
    case Code::atomic_aborted:
      return "ATOMIC_ABORTED";
    case Code::invalid_event_id:
      return "INVALID_EVENT_ID";
    case Code::invalid_date:
      return "INVALID_DATE";
    case Code::invalid_periods:
      return "INVALID_PERIODS";
    case Code::invalid_name:
      return "INVALID_NAME";
    case Code::invalid_practice_type:
      return "INVALID_PRACTICE_TYPE";
    case Code::invalid_numbers:
      return "INVALID_NUMBERS";
    case Code::same_person:
      return "SAME_PERSON";
    case Code::event_conflict:
      return "EVENT_CONFLICT";
    case Code::credited:
      return "CREDITED";
    case Code::unpaid:
      return "UNPAID";
    case Code::zero_amount:
      return "ZERO_AMOUNT";
    case Code::under_16:
      return "UNDER_16";
  }
  return "";
}

bool is_rejection(Code code) {
  return code > Code::none && code <= Code::atomic_aborted && !name_of(code).empty();
}

bool is_reason_not_counted(Code code) {
  return code == Code::none || (code >= Code::credited && !name_of(code).empty());
}

std::string_view field_of(Code code) {
  switch (code) {
    case Code::invalid_type:
      return "type";
    case Code::invalid_guid:
    case Code::content_conflict:
    case Code::unknown_original:
    case Code::original_credited:
    case Code::too_old_to_credit:
      return "guid";
    case Code::invalid_practice_id:
    case Code::practice_not_allowed:
    case Code::unknown_practice:
    case Code::no_agreement:
      return "practiceId";
    case Code::invalid_person_id:
      return "personId";
    case Code::invalid_service_type:
      return "serviceType";
    case Code::invalid_service_time:
    case Code::no_rules_for_year:
    case Code::future_service_time:
    case Code::time_barred:
      return "serviceTime";
    case Code::invalid_amount:
    case Code::exempt_with_amount:
      return "amountOre";
    case Code::invalid_paid:
      return "paid";
    case Code::invalid_exemption:
    case Code::no_card_registered:
      return "exemption";
    case Code::invalid_received_time:
      return "receivedTime";
    case Code::invalid_event_id:
    case Code::event_conflict:
      return "eventId";
    case Code::invalid_name:
      return "name";
    case Code::invalid_practice_type:
      return "practiceType";
    default:
      return "";
  }
}

}  // namespace ledger
