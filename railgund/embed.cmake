# Makes a source file of a file: cmake -DINPUT=FILE -DOUTPUT=FILE.cc -DFOLDER=folder -DNAME=kName -P embed.cmake
# defines railgun::folder::kNameBytes and kNameSize.
file(READ ${INPUT} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE ${OUTPUT} "#include <cstddef>

namespace railgun::${FOLDER} {

extern const unsigned char ${NAME}Bytes[];
extern const std::size_t ${NAME}Size;
const unsigned char ${NAME}Bytes[] = {
${hex}
};
const std::size_t ${NAME}Size = ${size};

}  // namespace railgun::${FOLDER}
")
