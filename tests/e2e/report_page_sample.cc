// The page of a statement, for the tests in a browser: statement.json in, HTML out.

#include <exception>
#include <iostream>
#include <iterator>

#include "api/pages/report_page.h"

int main() {
  const std::string statement{std::istreambuf_iterator<char>(std::cin), {}};
  try {
    std::cout << api::report_page(statement);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return std::cout.flush() ? 0 : 1;
}
