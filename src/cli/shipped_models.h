/* The cards of models/, inside the program: for `score`, which needs nothing but itself. The definitions are made by
 * tools/embed.py. */
#ifndef OBLIGOR_CLI_SHIPPED_MODELS_H
#define OBLIGOR_CLI_SHIPPED_MODELS_H

#include <stddef.h>

extern const unsigned char SHIPPED_ANNUAL[];
extern const size_t SHIPPED_ANNUAL_size;
extern const unsigned char SHIPPED_QUARTERLY[];
extern const size_t SHIPPED_QUARTERLY_size;

#endif
