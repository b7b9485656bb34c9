/* Dates and times as texts in quotes, as Python's isoformat() has them. */
#ifndef PFX_JSON_WRITE_TIME_H
#define PFX_JSON_WRITE_TIME_H

#include "pfx/json_read.h"

/* Characters at most. */
#define PFX_JSON_TIME_TEXT 40

/* Write a date (days), a time or a timestamp (microseconds); 0 characters for what lies outside of Python's calendar.
 */
int pfx_json_time_text(pfx_json_form form, int64_t value, uint8_t *text);

/* Write an instant that its codec has encoded; 0 characters for what lies outside of the years 1 to 9999, or is none.
 */
int pfx_json_instant_text(const uint8_t *image, int64_t size, uint8_t *text);

#endif
