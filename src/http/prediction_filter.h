/* The filters of lists of predictions, as one reader for all that take them. */
#ifndef OBLIGOR_HTTP_PREDICTION_FILTER_H
#define OBLIGOR_HTTP_PREDICTION_FILTER_H

#include "http/request.h"
#include "model/page.h"

/* What is wrong is noted in the request's query. */
Error *prediction_filter_read(Request *request, PredictionFilter *ret_filter) MUST_CHECK;

/* The same without what only a list has: how it is sorted, and whether it shows former versions. */
Error *prediction_filter_read_rows(Request *request, PredictionFilter *ret_filter) MUST_CHECK;

#endif
