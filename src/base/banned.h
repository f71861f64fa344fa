/* Functions that this project does not use, because a safer one stands beside them.
 * Force-included before every file; the system headers come first so that only our uses are caught. */
#ifndef OBLIGOR_BASE_BANNED_H
#define OBLIGOR_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(name) banned_##name##_see_banned_h
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef gets
#undef strtok
#undef atoi
#undef atol
#undef atof
#undef gmtime
#undef localtime
#undef rand
#undef srand
#define strcpy(a, b)      BANNED(strcpy)
#define strcat(a, b)      BANNED(strcat)
#define strncpy(a, b, c)  BANNED(strncpy)
#define strncat(a, b, c)  BANNED(strncat)
#define sprintf(...)      BANNED(sprintf)
#define vsprintf(a, b, c) BANNED(vsprintf)
#define gets(a)           BANNED(gets)
#define strtok(a, b)      BANNED(strtok)
#define atoi(a)           BANNED(atoi)
#define atol(a)           BANNED(atol)
#define atof(a)           BANNED(atof)
#define gmtime(a)         BANNED(gmtime)
#define localtime(a)      BANNED(localtime)
#define rand()            BANNED(rand)
#define srand(a)          BANNED(srand)

#endif
