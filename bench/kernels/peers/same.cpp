#include "peer.hpp"
#include "same.hpp"

int main() { return serve(same::european, same::asian); }
