// How far each context is trusted by how well the contexts know the place: shares of 256 of the rows of the last one,
// two and three bytes. Fitted to versions of web pages, feeds and JSON answers by expectation maximisation, and checked
// on others: a table does nearly as well as mixing that learns, and costs nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "railgund/delta/nibble_row.h"

namespace railgun::delta::nibble {

// What a row knows that saw so many nibbles: 0 nothing, 1 the first four nibbles, 2 more.
inline constexpr std::array<std::uint8_t, 16> kKnowledge = {0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2};

// By half of the byte (the high one first), and by knowledge: that of the shortest context 9 fold, of the next 3 fold,
// of the longest.
inline constexpr std::array<std::array<Shares, 27>, 2> kShares = {
    {{{{255, 0, 0},    {99, 0, 156},  {80, 0, 175},  {182, 73, 0},  {54, 87, 114}, {43, 37, 175},  {118, 137, 0},
       {30, 113, 112}, {12, 51, 192}, {155, 100, 0}, {30, 54, 171}, {37, 43, 175}, {109, 45, 101}, {118, 52, 85},
       {21, 41, 193},  {65, 95, 95},  {114, 42, 99}, {27, 76, 152}, {236, 19, 0},  {125, 4, 126},  {92, 3, 160},
       {170, 76, 9},   {92, 55, 108}, {57, 42, 156}, {119, 132, 4}, {56, 86, 113}, {31, 67, 157}}},
     {{{255, 0, 0},   {98, 0, 157},  {72, 0, 183},  {169, 86, 0},   {128, 16, 111}, {43, 37, 175}, {220, 35, 0},
       {43, 87, 125}, {62, 60, 133}, {102, 153, 0}, {66, 96, 93},   {91, 80, 84},   {70, 102, 83}, {67, 63, 125},
       {79, 81, 95},  {159, 20, 76}, {73, 127, 55}, {110, 38, 107}, {179, 76, 0},   {123, 33, 99}, {95, 34, 126},
       {137, 69, 49}, {123, 42, 90}, {96, 37, 122}, {104, 122, 29}, {85, 100, 70},  {63, 94, 98}}}}};

}  // namespace railgun::delta::nibble
