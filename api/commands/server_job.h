#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "api/http/http_client.h"
#include "storage/files/report_progress.h"

namespace api {

/// Long work that a command has a running server do.
struct ServerJob {
  std::string name;     ///< as in `the server goes on with the NAME`
  std::string target;   ///< that it is posted to
  std::string request;  ///< JSON
  bool waits = false;   ///< until another job of the server has ended
};

struct ServerJobResult {
  std::string location;  ///< of the job on the server
  boost::json::object job;
};

/// Like HttpClient::get(), of a server that goes on meanwhile: while it is busy (429) or takes
/// nothing (503), asks again after the time that it wants. After five minutes its last answer is
/// given.
HttpClient::Answer get_when_ready(HttpClient& client, const std::string& target);

/// Starts the job and follows it to its end. When the command is interrupted meanwhile, it says
/// that the server goes on. Throws UsageError when the server finds the request wrong, and
/// std::runtime_error when the job cannot be started or fails.
ServerJobResult run_server_job(HttpClient& client, const ServerJob& wanted,
                               const storage::ReportProgress& report);

}  // namespace api
