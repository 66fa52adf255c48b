#ifndef LANDLINE_CONFINEMENT_H
#define LANDLINE_CONFINEMENT_H

#include "picture.h"

// Gives all rights of this process away, but for computing, a bounded amount of memory and time, and writing to descriptor 1.
// Returns what there is on descriptor 0.
struct source confine_with_input(void);

#endif
