#include "peer.hpp"
#include "best.hpp"

int main() { return serve(best::european, best::asian); }
