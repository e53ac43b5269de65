// A static program that does nothing until it is killed: the cheapest thing a container can run.
#include <unistd.h>

int main() {
  for (;;) ::pause();
}
