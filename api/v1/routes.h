#pragma once

#include <functional>

#include "api/http/http_server.h"
#include "api/http/router.h"
#include "api/identity/gate.h"
#include "api/runtime/jobs.h"
#include "api/runtime/ledger_keeper.h"
#include "api/runtime/limits.h"
#include "ledger/values/national_id.h"

// The endpoint groups of /v1, and what operators and machines ask. Each adds its routes and is
// given what they need; that must stay as long as the router is used.
namespace api {

/// Bodies of a few members.
inline constexpr std::size_t small_body_bytes_max = 16U << 10;

void add_access_log_routes(Router& router, const LedgerKeeper& keeper, ledger::NumberSeries series);
void add_account_routes(Router& router, const LedgerKeeper& keeper, ledger::NumberSeries series);
void add_backup_routes(Router& router, const LedgerKeeper& keeper, Jobs& jobs);
void add_card_status_routes(Router& router, const LedgerKeeper& keeper, ledger::NumberSeries series,
                            std::size_t lines_max);
void add_dossier_routes(Router& router, const LedgerKeeper& keeper, ledger::NumberSeries series);
void add_event_routes(Router& router, const LedgerKeeper& keeper, const Limits& limits);
void add_metrics_route(Router& router, const LedgerKeeper& keeper, const Gate& gate, Access access);
void add_operations_routes(Router& router, const LedgerKeeper& keeper, const Gate& gate,
                           const std::atomic<bool>& is_draining);
void add_payout_routes(Router& router, const LedgerKeeper& keeper);
void add_practice_registration_routes(Router& router, const LedgerKeeper& keeper);
void add_reconciliation_routes(Router& router, const LedgerKeeper& keeper, Jobs& jobs);
void add_timeliness_routes(Router& router, const LedgerKeeper& keeper);

}  // namespace api
