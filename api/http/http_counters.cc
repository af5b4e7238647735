#include "api/http/http_counters.h"

namespace api {

HttpCounters& http_counters() {
  static HttpCounters counters;
  return counters;
}

}  // namespace api
