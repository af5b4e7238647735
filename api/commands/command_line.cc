#include "api/commands/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <vector>

#include "api/commands/commands.h"
#include "api/program/usage_error.h"
#include "api/program/version.h"

namespace api {
namespace {

constexpr std::size_t line_columns = 80;
constexpr std::size_t name_columns = 26;

/// Breaks a text into lines of at most so many columns.
std::string wrapped(const std::string& text, std::size_t columns) {
  std::istringstream words(text);
  std::string lines;
  std::size_t column = 0;
  for (std::string word; words >> word;) {
    const bool is_next_line = column != 0 && column + 1 + word.size() > columns;
    if (column != 0) lines += is_next_line ? '\n' : ' ';
    column = (is_next_line || column == 0 ? 0 : column + 1) + word.size();
    lines += word;
  }
  return lines;
}

class HelpText : public CLI::Formatter {
 public:
  HelpText() { column_width(name_columns); }
  std::string make_option_desc(const CLI::Option* option) const override {
    return wrapped(option->get_description(), line_columns - name_columns);
  }
  std::string make_subcommand(const CLI::App* command) const override {
    std::stringstream out;
    CLI::detail::format_help(out, "  " + command->get_name(),
                             wrapped(command->get_description(), line_columns - name_columns),
                             name_columns);
    return out.str();
  }
  std::string make_description(const CLI::App* command) const override {
    return wrapped(command->get_description(), line_columns) + "\n";
  }
  std::string make_footer(const CLI::App* command) const override {
    return wrapped(command->get_footer(), line_columns) + "\n";
  }
};

/// The arguments as the parser wants them: `help COMMAND` is `COMMAND --help`.
std::vector<std::string> arguments_of(int argc, char** argv) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  if (arguments.empty()) return arguments;
  if (arguments.front() == "version") arguments.front() = "--version";
  if (arguments.front() == "help") {
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  return arguments;
}

/// Throws UsageError when the arguments do not begin with a command, and its part if it has parts.
/// `called` is what has come before them.
void require_command(const CLI::App& app, const std::string& called,
                     std::span<const std::string> arguments) {
  const auto commands = app.get_subcommands({});
  if (commands.empty() || (!arguments.empty() && arguments.front().starts_with('-'))) return;
  std::string names;
  for (const CLI::App* const command : commands) {
    if (!arguments.empty() && command->get_name() == arguments.front()) {
      return require_command(*command, called + ' ' + command->get_name(), arguments.subspan(1));
    }
    names += (names.empty() ? "" : ", ") + command->get_name();
  }
  throw UsageError(
      (arguments.empty() ? "name a command" : "there is no command '" + arguments.front() + "'") +
      "; the commands are " + names + "; `" + called + " --help` describes them");
}

/// The program and the commands that the arguments have named.
std::string called_by(const CLI::App& app) {
  std::string called = app.get_name();
  for (auto named = app.get_subcommands(); !named.empty();
       named = named.front()->get_subcommands()) {
    called += ' ' + named.front()->get_name();
  }
  return called;
}

}  // namespace

CLI::App& Commands::add(const std::string& name, const std::string& description) const {
  return *app_.add_subcommand(name, description)->group("Commands");
}

Commands Commands::group(const std::string& name, const std::string& description) const {
  CLI::App& app = add(name, description);
  app.require_subcommand(1);
  return {app, named_};
}

CLI::Validator whole_number(std::uint64_t min, std::uint64_t max) {
  return {[min, max](std::string& text) {
            std::uint64_t value = 0;
            const char* const end = text.data() + text.size();
            const auto read = std::from_chars(text.data(), end, value);
            const bool is_fit =
                read.ec == std::errc() && read.ptr == end && min <= value && value <= max;
            return is_fit ? std::string()
                          : fmt::format("wants a whole number from {} to {}, not '{}'", min, max,
                                        text);
          },
          "", ""};
}

int run_command_line(int argc, char** argv, std::span<const AddCommand> commands) {
  CLI::App app{
      "frikort, the co-payment ledger: takes every report, adds it to the person's year, "
      "issues the exemption card, and shows how timely practices report.",
      "frikort"};
  app.formatter(std::make_shared<HelpText>());
  app.footer("Exit status: 0 done, 1 findings, 2 wrong usage, 3 could not run.");
  app.set_version_flag("--version", fmt::format("{} ({})", program_version, program_commit));
  app.require_subcommand(1);
  Commands::Run named;
  for (const AddCommand add : commands) add({app, named});
  std::vector<std::string> arguments = arguments_of(argc, argv);
  require_command(app, app.get_name(), arguments);
  try {
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::Success& asked) {
    std::ostringstream out;
    app.exit(asked, out, out);
    fmt::print("{}", out.str());
    return exit_done;
  } catch (const CLI::ParseError& error) {
    throw UsageError(
        fmt::format("{}; `{} --help` shows the options", error.what(), called_by(app)));
  }
  return named();
}

}  // namespace api
