#pragma once
// What a fuzz target asks may be refused with an Error, and with nothing else.
#include "base/error.hpp"

template <class F>
void attempt(F&& f) {
  try {
    static_cast<void>(f());
  } catch (const compose::base::Error&) {
  }
}
