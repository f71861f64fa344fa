/* The settings of an organization as a JSON body. */
#ifndef OBLIGOR_HTTP_ORGANIZATION_BODY_H
#define OBLIGOR_HTTP_ORGANIZATION_BODY_H

#include "domain/organizations.h"
#include "http/params.h"

enum { PATTERN_MAX = 255 };

/* Of a new one: what is not there has its default. What is wrong is noted in `body`. */
void organization_body_read(Params *body, NewOrganization *ret_asked);

/* Of one that is there: only what is named is changed. */
void organization_body_read_change(Params *body, OrganizationChange *ret_change);

/* One of the roles; ROLE_COUNT: not there, or noted as wrong. */
Role role_body_read(Params *body, const char *name);

#endif
