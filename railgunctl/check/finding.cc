#include "railgunctl/check/finding.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "railgunctl/render.h"

namespace railgun::ctl {
namespace {

struct GradeWords {
  const char* word;   // in JSON
  const char* shown;  // to people
  const char* one;
  const char* many;
};
const GradeWords& words_of(Grade grade) {
  static constexpr GradeWords kWords[] = {{"ok", "ok", "ok", "ok"},
                                          {"warning", "WARNING", "warning", "warnings"},
                                          {"error", "ERROR", "error", "errors"},
                                          {"not applicable", "-", "not applicable", "not applicable"},
                                          {"unknown", "?", "unknown", "unknown"}};
  return kWords[static_cast<std::size_t>(grade)];
}

auto count_of(const Findings& findings, Grade grade) {
  return std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.grade == grade; });
}

std::string summary(const Findings& findings) {
  std::string text;
  for (const Grade grade : {Grade::kError, Grade::kWarning, Grade::kOk, Grade::kUnknown, Grade::kNotApplicable}) {
    const auto count = count_of(findings, grade);
    if (count == 0 && grade != Grade::kError && grade != Grade::kWarning) continue;
    const GradeWords& words = words_of(grade);
    text += (text.empty() ? "" : ", ") + std::to_string(count) + ' ' + (count == 1 ? words.one : words.many);
  }
  return text + ".\n";
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

}  // namespace

bool has_error(const Findings& findings) { return count_of(findings, Grade::kError) > 0; }

std::string findings_text(const Findings& findings) {
  constexpr std::size_t kGradeColumns = 9, kNameColumns = 13;
  const std::string indent(kGradeColumns + kNameColumns, ' ');
  std::string text;
  for (const Finding& finding : findings) {
    const std::string head = padded(words_of(finding.grade).shown, kGradeColumns) + padded(finding.name, kNameColumns);
    text += wrapped(head, indent, finding.seen);
    if (!finding.advice.empty()) text += wrapped(indent + "-> ", indent + "   ", finding.advice);
  }
  return text + '\n' + summary(findings);
}

std::string findings_json(const Findings& findings) {
  nlohmann::json rows = nlohmann::json::array();
  for (const Finding& finding : findings) {
    rows.push_back({{"name", finding.name},
                    {"grade", words_of(finding.grade).word},
                    {"seen", finding.seen},
                    {"advice", finding.advice}});
  }
  const nlohmann::json json = {{"findings", std::move(rows)},
                               {"errors", count_of(findings, Grade::kError)},
                               {"warnings", count_of(findings, Grade::kWarning)}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace railgun::ctl
