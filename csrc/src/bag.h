/* Changing a bag (pfx/rows.h), for those who know its table's budget. */
#ifndef PFX_BAG_H
#define PFX_BAG_H

#include "pfx/rows.h"

/* Give back all memory; the bag is empty. */
void pfx_bag_free(pfx_bag *bag, pfx_budget *budget);

/* Add a row, whose number is larger than that of any other. On failure nothing has changed. */
pfx_status pfx_bag_add(pfx_bag *bag, pfx_budget *budget, int64_t order, int64_t number);

bool pfx_bag_remove(pfx_bag *bag, pfx_budget *budget, int64_t order, int64_t number);

/* Take out the rows up to `until`; how many they were. */
int64_t pfx_bag_pass(pfx_bag *bag, pfx_budget *budget, int64_t until);

/* Give back the room of a bag that has once been much longer; without memory for that it keeps it. */
void pfx_bag_trim(pfx_bag *bag, pfx_budget *budget);

#endif
