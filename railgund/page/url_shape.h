// What addresses of related pages have in common.
#pragma once

#include <string>
#include <string_view>

namespace railgun::page {

// The address without what changes from one request to the next: numbers, hashes and other made-up words become "#", and
// the parameters of the query are sorted. "/api?b=x&_=1795991211829" and "/api?_=1795991212830&b=x" have one shape;
// so have "/app.3f2a9c1b.js" and "/app.90ce11d2.js".
std::string url_shape(std::string_view target);

// A text without its numbers and made-up words: the same for two request bodies that ask for the same thing with other
// numbers, sessions or boundaries.
std::string without_numbers(std::string_view text);

// The folder of a page, with its numbers as "#" and without the query: what pages of one template share.
// "/news/2024/05/story-17.html?page=2" and "/news/2023/11/other/" become "/news/#/#/".
std::string url_folder(std::string_view target);

}  // namespace railgun::page
