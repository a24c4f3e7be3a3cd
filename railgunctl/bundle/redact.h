// Takes secrets out of text that is to leave the machine. Errs on the side of taking too much.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace railgun::ctl {

class Redactor {
 public:
  // The text of a configuration file: values of keys that hold secrets are removed, in comments and broken lines too,
  // and remembered, so that later calls remove them wherever they stand. So this goes first. `name`: for removed().
  std::string settings(std::string_view text, const std::string& name);

  // Any other text: remembered secrets, private keys, cookies and credentials of HTTP, passwords and queries of URLs,
  // what follows words like "token" and "password", and long strings that look made by chance.
  std::string text(std::string_view text, const std::string& name);

  // Only the certificates of a PEM text: whatever else it holds stays out.
  static std::string certificates(std::string_view pem);

  // What was taken out: "railgun.conf:12: activation.token".
  const std::vector<std::string>& removed() const { return removed_; }

 private:
  void note(const std::string& name, std::size_t line, std::string_view what);
  std::string setting_line(std::string_view line, const std::string& name, std::size_t number);
  std::string text_line(std::string_view line, const std::string& name, std::size_t number);

  std::vector<std::string> secrets_;  // at least six bytes each, at most 256
  std::vector<std::string> removed_;  // at most 1,000
};

}  // namespace railgun::ctl
