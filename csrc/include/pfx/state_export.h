/* The states of running aggregates and windows as rows (pfx/state_rows.h), and back: what a snapshot consists of.
 *
 * Rows of several exports can be imported into one, and an export can be divided by key group and imported into
 * several: importing adds what is there of a key, and in its namespace, to what is there already. An import carries on
 * the numbers of rows, so that rows that come after it do so in their order, too. Watermarks are not among the rows: an
 * import goes by that of the structure, which is to be set before. */
#ifndef PFX_STATE_EXPORT_H
#define PFX_STATE_EXPORT_H

#include <stdint.h>

#include "pfx/agg_columns.h"
#include "pfx/counts.h"
#include "pfx/key_columns.h"
#include "pfx/running.h"
#include "pfx/sessions.h"
#include "pfx/slices.h"
#include "pfx/state_rows.h"
#include "pfx/status.h"

/* How far an export has come; all zeros at its beginning. */
typedef struct pfx_export_place {
    int64_t at;     /* key, slot or pane */
    int64_t within; /* of a pane; of a key's slices: slot + 1 */
} pfx_export_place;

/* Append at most `limit` rows, fewer where they are large, from *place on; none when all have been written. Nothing
 * else may be called until then. PFX_WRONG_STATE while a call that stopped at its limit is to be repeated, also below;
 * only sessions that fire may be exported, as each says what has been sent of it. */
pfx_status pfx_running_export(const pfx_running *running, pfx_state_rows *rows, pfx_export_place *place, int64_t limit);

/* Namespace: the last millisecond of the slice. */
pfx_status pfx_slices_export(const pfx_slices *slices, pfx_state_rows *rows, pfx_export_place *place, int64_t limit);
pfx_status pfx_panes_export(const pfx_panes *panes, pfx_state_rows *rows, pfx_export_place *place, int64_t limit);

/* Namespace: start, end, the end with which it fired last (null for never). */
pfx_status pfx_sessions_export(const pfx_sessions *sessions, pfx_state_rows *rows, pfx_export_place *place,
                               int64_t limit);

/* Namespace: the key's number of rows, the number of the slice (null for a key that has none). */
pfx_status pfx_counts_export(const pfx_counts *counts, pfx_state_rows *rows, pfx_export_place *place, int64_t limit);

/* Add `rows` rows: their keys, the columns of the namespace, and what is read of the states (states->columns). On
 * PFX_CORRUPT, states->failed_row is the row, and states->failed_acc the accumulator, -1 when it is the namespace.
 * PFX_WRONG_STATE as above. */
pfx_status pfx_slices_import(pfx_slices *slices, const pfx_key_column *keys, const pfx_key_column *spaces,
                             pfx_agg_import *states, int64_t rows);
pfx_status pfx_sessions_import(pfx_sessions *sessions, const pfx_key_column *keys, const pfx_key_column *spaces,
                               pfx_agg_import *states, int64_t rows);
pfx_status pfx_counts_import(pfx_counts *counts, const pfx_key_column *keys, const pfx_key_column *spaces,
                             pfx_agg_import *states, int64_t rows);

#endif
