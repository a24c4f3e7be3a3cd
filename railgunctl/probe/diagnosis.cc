#include "railgunctl/probe/diagnosis.h"

#include <algorithm>

#include "railgunctl/render.h"
#include "railgund/base/field.h"

namespace railgun::ctl {
namespace {

using proxy::Passage;

constexpr unsigned kRailgunError = 527;

bool has_page(const Sample& sample) { return !sample.answer.error && sample.answer.status != 0; }

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }
std::string span(Duration time) { return time == Duration{} ? "-" : span_text(seconds(time)); }

std::string ratio_text(const proxy::CfRailgun& passage) {
  if (passage.ratio_hundredths == 0) return "under 0.01 %";
  std::string cents = std::to_string(passage.ratio_hundredths % 100);
  if (cents.size() < 2) cents.insert(0, "0");
  return std::to_string(passage.ratio_hundredths / 100) + '.' + cents + " %";
}

// The header tells a delta and a page that was compressed by itself apart by its flags alone.
bool is_delta(const proxy::CfRailgun& passage) {
  return passage.passage == Passage::kDelta && (passage.flags & proxy::kReferenceFound) != 0;
}

// How an answer went, in a few letters.
std::string passage_text(const std::optional<proxy::CfRailgun>& passage) {
  if (!passage) return "-";
  switch (passage->passage) {
    case Passage::kDelta:
      return (is_delta(*passage) ? "delta " : "full ") + ratio_text(*passage);
    case Passage::kStream:
      return "unchanged";
    case Passage::kNormal:
      return "error";
    case Passage::kDirect:
      return "direct";
  }
  return "-";
}

std::vector<std::string> row(const std::string& name, const Sample& sample) {
  const Fetched& answer = sample.answer;
  if (!has_page(sample)) return {name, "failed", "-", "-", "-", "-", "-"};
  const bool waited = sample.passage && sample.passage->origin_time.count() > 0;
  return {name,
          std::to_string(answer.status),
          passage_text(sample.passage),
          span(answer.phases.connect),
          span(answer.phases.first_byte),
          span(answer.phases.total()),
          waited ? span(sample.passage->origin_time) : "-"};
}

std::string samples_table(const Diagnosis& diagnosis) {
  std::vector<std::vector<std::string>> rows;
  std::string failures;
  const auto add = [&](const std::string& name, const Sample& sample) {
    rows.push_back(row(name, sample));
    if (!has_page(sample) && sample.answer.error)
      failures += labelled("failed", name + ": " + sample.answer.error->text);
  };
  for (std::size_t i = 0; i < diagnosis.through.size(); ++i)
    add(i == 0 ? "pair, warm-up" : "pair, measured", diagnosis.through[i]);
  for (const Sample& sample : diagnosis.direct) add("direct", sample);
  return table({"FETCH", "STATUS", "PASSAGE", "CONNECT", "FIRST BYTE", "TOTAL", "ORIGIN"}, rows) + '\n' + failures;
}

// Those that took any time: an address needs no look-up, and plain HTTP no TLS.
std::string phases_text(const Phases& phases) {
  std::string text;
  const auto add = [&](const char* name, Duration time) {
    if (time > Duration{}) text += (text.empty() ? "" : ", ") + std::string(name) + ' ' + span(time);
  };
  add("name", phases.name);
  add("connect", phases.connect);
  add("TLS", phases.tls);
  add("first byte", phases.first_byte);
  add("body", phases.body);
  return text;
}

std::string sizes_text(const Fetched& answer) {
  std::string text = bytes_text(answer.body.size());
  if (answer.wire_body_bytes != answer.body.size())
    text += " (" + bytes_text(answer.wire_body_bytes) + " as transferred)";
  return text;
}

const char* sameness_text(Sameness sameness) {
  switch (sameness) {
    case Sameness::kSame:
      return "identical to the origin's page";
    case Sameness::kMoving:
      return "the origin returns a different page each time, so the bytes cannot be compared";
    case Sameness::kDifferent:
      return "DIFFERENT from the origin's page";
    case Sameness::kUnknown:
      return "not compared";
  }
  return "";
}

DiagnosisVerdict judge_failure(const Diagnosis& diagnosis) {
  const Fetched& answer = diagnosis.through.back().answer;
  if (answer.error && answer.status == 0 && answer.reach != Reach::kOpen) {
    return {"The sender at " + to_string(diagnosis.sender) + " cannot be reached: " + answer.error->text + ".",
            "start it (systemctl status railgund), or give its address: --sender HOST:PORT", ExitCode::kUnreachable};
  }
  if (answer.error) {
    return {"The pair returned no complete page: " + answer.error->text + ".",
            "see the logs of both ends, and run railgunctl check", ExitCode::kFailed};
  }
  if (answer.status == kRailgunError) {
    return {"The pair cannot serve this page (status 527).", "run railgunctl check, here and on the listener",
            ExitCode::kFailed};
  }
  return {};
}

}  // namespace

const Sample* measured(const Diagnosis& diagnosis) {
  std::vector<const Sample*> samples;
  for (std::size_t i = 1; i < diagnosis.through.size(); ++i) {
    if (has_page(diagnosis.through[i])) samples.push_back(&diagnosis.through[i]);
  }
  if (samples.empty()) return nullptr;
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end(), [](const Sample* a, const Sample* b) {
    return a->answer.phases.total() < b->answer.phases.total();
  });
  return *middle;
}

Sameness compare(const Diagnosis& diagnosis) {
  std::vector<const Sample*> through, direct;
  for (const Sample& sample : diagnosis.through) {
    if (has_page(sample)) through.push_back(&sample);
  }
  for (const Sample& sample : diagnosis.direct) {
    if (has_page(sample)) direct.push_back(&sample);
  }
  if (through.empty() || direct.empty()) return Sameness::kUnknown;
  const auto is_of_origin = [&](const Sample* sample) {
    return std::any_of(direct.begin(), direct.end(), [&](const Sample* other) {
      return other->body_hash == sample->body_hash && other->answer.status == sample->answer.status;
    });
  };
  if (std::all_of(through.begin(), through.end(), is_of_origin)) return Sameness::kSame;
  const bool repeats = direct.size() > 1 && std::all_of(direct.begin(), direct.end(), [&](const Sample* other) {
                         return other->body_hash == direct.front()->body_hash;
                       });
  if (direct.size() < 2) return Sameness::kUnknown;
  return repeats ? Sameness::kDifferent : Sameness::kMoving;
}

DiagnosisVerdict judge(const Diagnosis& diagnosis) {
  if (diagnosis.through.empty()) return {"Nothing was fetched.", "", ExitCode::kFailed};
  if (auto failure = judge_failure(diagnosis); !failure.text.empty()) return failure;
  if (compare(diagnosis) == Sameness::kDifferent) {
    return {
        "The page that came through the pair differs from the page that the origin returns directly.",
        "check whether the direct origin serves the same site as the listener's origin (map.file there), and whether "
        "the page depends on the visitor's address or scheme. If neither explains it, run railgunctl purge URL and "
        "send a support bundle of both ends (railgunctl support-bundle)",
        ExitCode::kFailed};
  }
  const Sample& last = diagnosis.through.back();
  if (diagnosis.header_name.empty()) {
    return {"The page came, but the sender adds no header that says how (header.name = none).", "", ExitCode::kOk};
  }
  if (!last.passage) {
    return {
        "The page came without the header " + diagnosis.header_name + ", so not from a Railgun sender.",
        "check that " + to_string(diagnosis.sender) + " is the sender itself, or give its address: --sender HOST:PORT",
        ExitCode::kFailed};
  }
  switch (last.passage->passage) {
    case Passage::kDelta:
      if (is_delta(*last.passage)) {
        return {"The page was sent as a delta: " + ratio_text(*last.passage) + " of its size crossed the link.", "",
                ExitCode::kOk};
      }
      return {"The page was sent whole, compressed to " + ratio_text(*last.passage) + " of its size.",
              "both ends may hold a version of it now: try again, or use --count 3", ExitCode::kOk};
    case Passage::kStream:
      return {"The page was sent unchanged.", "this is normal for images, archives and very small pages",
              ExitCode::kOk};
    case Passage::kNormal:
      return {"The page was sent whole because of an error.", "see the logs of both ends", ExitCode::kFailed};
    case Passage::kDirect:
      return {"The page did not go through the pair: " + last.passage->reason + ".", "run railgunctl check",
              ExitCode::kFailed};
  }
  return {};
}

std::string missing_headers(const Fetched& answer) {
  return answer.ends_by_close ? "No Content-Length or Transfer-Encoding" : "";
}

std::string diagnosis_text(const Diagnosis& diagnosis, const DiagnosisVerdict& verdict) {
  std::string text = labelled("url", diagnosis.url) + labelled("sender", to_string(diagnosis.sender));
  text += labelled("origin", diagnosis.origin.empty() ? "not asked: " + diagnosis.no_origin : diagnosis.origin);
  text += '\n' + samples_table(diagnosis);
  if (const Sample* sample = measured(diagnosis)) {
    const Fetched& answer = sample->answer;
    text += labelled("status", std::to_string(answer.status) + ' ' + answer.reason + ", HTTP/1." +
                                   std::to_string(answer.minor_version));
    text += labelled("page", sizes_text(answer) + ", " + sameness_text(compare(diagnosis)));
    text += labelled("SHA-1", sample->body_hash);
    if (sample->passage)
      text += labelled("header", diagnosis.header_name + ": " + proxy::format_cf_railgun(*sample->passage));
    text += labelled("pair", phases_text(answer.phases));
  }
  for (const Sample& sample : diagnosis.direct) {
    if (has_page(sample)) {
      text += labelled("direct", phases_text(sample.answer.phases));
      break;
    }
  }
  text += '\n' + wrapped("", "", verdict.text);
  if (!verdict.advice.empty()) text += wrapped("-> ", "   ", verdict.advice);
  return text;
}

}  // namespace railgun::ctl
