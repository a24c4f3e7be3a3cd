// What `check` says of one thing: how it is, what was seen, what to do.
#pragma once

#include <string>
#include <vector>

namespace railgun::ctl {

enum class Grade {
  kOk,
  kWarning,
  kError,
  kNotApplicable,  // there is nothing of the kind here
  kUnknown,        // it could not be looked at; `seen` says why
};

struct Finding {
  std::string name{};
  Grade grade = Grade::kOk;
  std::string seen{};
  std::string advice{};  // empty where there is nothing to do
};
using Findings = std::vector<Finding>;

inline Finding fine(std::string name, std::string seen) { return {std::move(name), Grade::kOk, std::move(seen), {}}; }
inline Finding warning(std::string name, std::string seen, std::string advice) {
  return {std::move(name), Grade::kWarning, std::move(seen), std::move(advice)};
}
inline Finding error(std::string name, std::string seen, std::string advice) {
  return {std::move(name), Grade::kError, std::move(seen), std::move(advice)};
}
inline Finding not_applicable(std::string name, std::string seen) {
  return {std::move(name), Grade::kNotApplicable, std::move(seen), {}};
}
inline Finding unknown(std::string name, std::string seen, std::string advice = {}) {
  return {std::move(name), Grade::kUnknown, std::move(seen), std::move(advice)};
}

bool has_error(const Findings& findings);
std::string findings_text(const Findings& findings);
std::string findings_json(const Findings& findings);

}  // namespace railgun::ctl
