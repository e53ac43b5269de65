// main() of every doctest executable, and the listener that writes one line per test case for tests/run to
// count. COMPOSE_TEST_RESULTS=FILE: appends "pass|fail|skip<TAB>suite: test case<TAB>seconds".
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <cstdio>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/skip.hpp"

namespace {

std::string& skip_reason() {
  static std::string reason;
  return reason;
}

class ResultWriter final : public doctest::IReporter {
 public:
  explicit ResultWriter(const doctest::ContextOptions&) : path_(std::getenv("COMPOSE_TEST_RESULTS")) {}

  void test_case_start(const doctest::TestCaseData& test) override {
    current_ = &test;
    skip_reason().clear();
  }

  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    if (path_ == nullptr || current_ == nullptr) return;
    std::FILE* file = std::fopen(path_, "ae");
    if (file == nullptr) return;
    const char* verdict = !stats.testCaseSuccess ? "fail" : skip_reason().empty() ? "pass" : "skip";
    const char* suite = current_->m_test_suite == nullptr ? "" : current_->m_test_suite;
    std::fprintf(file, "%s\t%s%s%s%s%s\t%.3f\n", verdict, suite, *suite == '\0' ? "" : ": ", current_->m_name,
                 skip_reason().empty() ? "" : " # ", skip_reason().c_str(), stats.seconds);
    std::fclose(file);
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

 private:
  const char* path_;
  const doctest::TestCaseData* current_ = nullptr;
};

REGISTER_LISTENER("results", 1, ResultWriter);

}  // namespace

namespace compose::test {

void note_skip(const std::string& reason) {
  skip_reason() = reason;
  std::fprintf(stderr, "skipped: %s\n", reason.c_str());
}

}  // namespace compose::test
