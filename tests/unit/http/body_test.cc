#include <gtest/gtest.h>

#include "railgund/http/body_reader.h"
#include "railgund/http/body_writer.h"

namespace railgun::http {
namespace {

std::string written(BodyLength length, std::initializer_list<std::string_view> pieces) {
  BodyWriter writer(length);
  ByteQueue queue;
  for (const std::string_view piece : pieces) {
    if (!writer.write(as_bytes(piece), queue)) return "too long";
  }
  if (!writer.end(queue)) return "too short";
  return std::string(as_text(queue.view()));
}

TEST(BodyWriter, FramesEveryKindOfBody) {
  EXPECT_EQ(written({BodyLength::Kind::kNone}, {}), "");
  EXPECT_EQ(written({BodyLength::Kind::kNone}, {"a"}), "too long");
  EXPECT_EQ(written({BodyLength::Kind::kKnown, 3}, {"ab", "", "c"}), "abc");
  EXPECT_EQ(written({BodyLength::Kind::kKnown, 3}, {"ab", "cd"}), "too long");
  EXPECT_EQ(written({BodyLength::Kind::kKnown, 3}, {"ab"}), "too short");
  EXPECT_EQ(written({BodyLength::Kind::kKnown, 0}, {}), "");
  EXPECT_EQ(written({BodyLength::Kind::kToClose}, {"ab", "c"}), "abc");
  EXPECT_EQ(written({BodyLength::Kind::kChunked}, {}), "0\r\n\r\n");
  EXPECT_EQ(written({BodyLength::Kind::kChunked}, {"ab", "", "c"}), "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
}

TEST(BodyReader, TakesNoMoreThanTheBody) {
  struct Case {
    BodyLength length;
    std::string_view input;
    std::size_t taken;
    std::string_view body;
    bool complete;
    bool complete_at_end;
  };
  const Case cases[] = {
      {{BodyLength::Kind::kNone}, "abc", 0, "", true, true},
      {{BodyLength::Kind::kKnown, 0}, "abc", 0, "", true, true},
      {{BodyLength::Kind::kKnown, 2}, "abc", 2, "ab", true, true},
      {{BodyLength::Kind::kKnown, 4}, "abc", 3, "abc", false, false},
      {{BodyLength::Kind::kToClose}, "abc", 3, "abc", false, true},
      {{BodyLength::Kind::kChunked}, "1\r\na\r\n0\r\n\r\nGET", 11, "a", true, true},
      {{BodyLength::Kind::kChunked}, "1\r\na\r\n0\r\n", 9, "a", false, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.input);
    BodyReader reader(c.length);
    Bytes body;
    const auto taken = reader.read(as_bytes(c.input), body);
    ASSERT_TRUE(taken);
    EXPECT_EQ(*taken, c.taken);
    EXPECT_EQ(as_text(body), c.body);
    EXPECT_EQ(reader.is_complete(), c.complete);
    EXPECT_EQ(reader.is_complete_at_end(), c.complete_at_end);
  }
}

TEST(BodyReader, UndoesWhatTheWriterFramesWhereverItIsCut) {
  const std::string coded = written({BodyLength::Kind::kChunked}, {"hello", std::string(300, 'x'), "\r\n0\r\n\r\n"});
  for (std::size_t cut = 0; cut <= coded.size(); ++cut) {
    BodyReader reader({BodyLength::Kind::kChunked});
    Bytes body;
    const ByteView bytes = as_bytes(coded);
    ASSERT_TRUE(reader.read(bytes.first(cut), body));
    ASSERT_TRUE(reader.read(bytes.subspan(cut), body));
    EXPECT_TRUE(reader.is_complete());
    EXPECT_EQ(as_text(body), "hello" + std::string(300, 'x') + "\r\n0\r\n\r\n");
  }
}

}  // namespace
}  // namespace railgun::http
