#pragma once

namespace ingest {

/// From now on this thread, when it wakes up, takes the processor from nice threads at once. Since
/// Linux 6.6 they would otherwise end their slice of some milliseconds. Older systems do so anyway.
void be_prompt();

}  // namespace ingest
