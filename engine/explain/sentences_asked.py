"""Sentences about questions: why an answer is right, and which rule a wrong one would need."""

from __future__ import annotations

ASKED = """
truth.first_zone: {mask:hex} may start in {highest} or below; the highest of these zones that has
    pages is {zone}
truth.floor: the floor of class {caller} in {zone} at {mark}, class zone {class_zone}: {floor}
truth.zone_order: {mask:hex} may start in {highest} or below; with pages there are, downwards,
    {zones}
truth.lowest_served: the test is free <= floor, so the last page is given at {free}
truth.asks_none: it asks for no page, so no floor concerns it
truth.mark: the {mark} mark of {zone}: {pages}
truth.reserve: {zone} keeps {pages} from callers whose class zone is {class_zone}
truth.managed: {zone} manages {pages}
truth.computed: {result}
truth.boot: transparent huge pages had raised the marks before: {result}
truth.class: {caller}: {why}
truth.seen: for class {caller} the test counts {result}
truth.drain: {steps}
truth.decoded: {mask:hex} = {names}
truth.bits: {mask:hex} sets {names}
truth.ability: {mask:hex} ({names}): {ability}
truth.reserves: {mask:hex}: class {caller} ({why})
truth.slab: SLUB passes {mask:hex} & {keeps:hex} | {adds:hex} = {result:hex} on
truth.slab_lost: {mask:hex} loses {lost}: GFP_RECLAIM_MASK|GFP_CONSTRAINT_MASK ({keeps:hex}) does
    not have it
truth.slab_keeps_all: {mask:hex} loses nothing
truth.buddy: order {order} differs in bit {order}: {result}
truth.split: the smallest large enough block is of order {larger}: it starts at {block}
truth.merged: the block grows to order {order}: each buddy in turn is free
truth.not_merged: its buddy {buddy} is not free: the block stays at order {order}
truth.fits: {zone} has a free block of order {larger}
truth.fits_not: {zone} has no free block of order {order} or more that any caller may take
truth.objects: one slab of {cache} is {pages:pages} and holds {each}: {result}
truth.works: {scanned:pages} scanned in the call; above {limit} every priority that is left asks
truth.no_works: {scanned:pages} scanned in the call, never more than {limit}: nobody is asked
truth.unreclaimable: {scanned} scanned against {limit}
truth.dirty: of {dirtyable} dirtyable pages: {result}
truth.trend: the dirty limit goes from {before} to {after}
truth.key: {symbol} is on the way: __perform_reclaim has set PF_MEMALLOC and drops it when it
    returns
truth.key_kswapd: kswapd sets PF_MEMALLOC when it starts and keeps it: freeing pages is all it does
truth.key_masked: {symbol} runs on top of an interrupted task: __do_softirq takes PF_MEMALLOC away
    while it runs, and a hard interrupt may not use it
truth.served: {tests}
truth.no_key: no function on the way sets PF_MEMALLOC
truth.exit: task {pid} gives back {freed:pages}; {sharers} others share its {rss:pages} of memory
truth.slabs: {cache} has {slabs} slabs for {used:objects} in use; {empty} of them are empty and kept
truth.metric: {name} is {value}
truth.fact: {why}
truth.tile: {gives}
truth.refused_first: failed requests so far: {counts}
truth.wb_stop: with mask {answer} its floor in {zone} is {floor}
waits.lock: the file's lock is free once task {task} has its page
waits.killer: oom_scan_process_thread finds task {task} with TIF_MEMDIE: it kills nobody else before
    that has ended
waits.locker: task {task} sleeps in down_write without a signal being able to wake it
waits.memory: task {task} is inside __alloc_pages_slowpath with {gfp:hex}, and goes round
waits.nothing: task {task} waits for nobody

wrong.class: {answer} would be right if {premise}; {because}
wrong.mark: {answer} is the floor at the {other} mark; this caller meets {mark}
wrong.no_reserve: {answer} leaves the lowmem_reserve of {zone} out: {floor}
wrong.own_zone: {answer} would be right for a caller that may only use {zone}; this one could have
    used {class_zone}, so {reserve:pages} are kept from it
wrong.reserve_counts: {answer} would be right for a caller that could have used a higher zone; this
    one may only use {zone}, and nothing is kept from it
wrong.last_page: {answer} would be right if the test were free < floor; it is free <= floor
wrong.one_more: at {answer} it is refused: the test is free <= floor
wrong.kb: {answer} would be right in kB; asked are pages, of 4 kB each
wrong.in_pages: {answer} would be right in pages; asked are kB, 4 to the page
wrong.test: {answer} would be right if {premise}; {because}
wrong.test_mark: {answer} would be right at the {other} mark; at {mark} it would need {floor:pages}
    or fewer
wrong.kernel: {answer} would be right on {kernel}: {result}
wrong.other_mark: {answer} is the {other} mark; asked is {mark}
wrong.step: {answer} is where low stands; asked is how far it is above min
wrong.unshared: {answer} is min_free_kbytes in pages; the zones share it by their managed pages
wrong.sum: {answer} would be right if {parts} were added; of the two the larger counts
wrong.no_thp: {answer} would be right had transparent huge pages not raised the marks first:
    {result}
wrong.no_highatomic: {answer} would be right if nothing were kept; {pages:pages} that are kept do
    not count as free for this caller
wrong.crumbs: {answer} would be right if the {free:pages} that are free lay together; the mark is
    met, but no block of order {order} is free
wrong.is_floor: {answer} is the floor that they are compared with; asked are the pages that count
wrong.no_round: {answer} would be right without rounding down: the kernel counts in whole numbers
wrong.zone_above: {answer} would be right if the mask allowed it; the highest zone it allows is
    {highest}
wrong.zone_empty: {answer} would be right if it had pages on this machine
wrong.zone_below: {answer} is tried only after {zone}: the list goes from the highest zone down
wrong.caller: {answer} would be right with {need}
wrong.all_free: {answer} would be right if all {free} free pages counted; the test sees {seen}
wrong.few_free: {answer} would be right with {floor:pages} or fewer; the test sees {seen}
wrong.many_free: {answer} would be right with more than {floor:pages}; the test sees {seen}
wrong.zone_refuses: {answer} does not serve it; {test}
wrong.asked_before: {answer} would be right if {zone}, which is asked before it, had refused
wrong.none_served: {answer} would need every zone to refuse, but {test}
wrong.need: {answer} would need {need}
wrong.today: {answer} would be right if it were computed from today's managed pages ({result}); it
    was computed at boot, from fewer
wrong.present: {answer} would be right if boot had kept nothing for itself
wrong.only_high: {answer} would be right without lowmem_reserve
wrong.thp_stays: {answer} is what transparent huge pages had set; the late computation overwrote it
wrong.no_factor: {answer} would be the root of lowmem itself; the kernel takes it of 16 times that
wrong.only_stack: {answer} would be right if only the kernel stack came back
wrong.nothing_freed: {answer} would be right until the task really ends; then its stack comes back
wrong.shared: {answer} would be right if nobody shared its memory
wrong.smallest_first: {answer} heads the list of order {order}; a smaller block that is large enough
    is taken first, and of equal ones the right type
wrong.merge: {answer} would be right if merging went by being free or near; it goes from buddy to
    buddy while each is free and of the same order
wrong.fact: {answer} is right for {other}, not for {own}
wrong.edge: {answer} comes after {other}, not after {own}
wrong.tile: {answer} gives something else than {number}: {gives}
wrong.refused_first: {answer} has not been refused yet: {counts}
wrong.wb_stop: {answer} would have stopped elsewhere in {zone}: {floor}
wrong.waits: {answer} is what {own} waits for; asked is another edge, which leads to {right}
wrong.stranger: {answer} is none of {names}
wrong.short: {answer} of {names} are named
wrong.uphill: {answer} would be right if the block's neighbour on the other side were its buddy; the
    buddy is the one that differs in bit {order} alone
wrong.order: {answer} would be the buddy if the block were of order {other}
wrong.unmasked: {answer} would be right if SLUB passed everything on;
    GFP_RECLAIM_MASK|GFP_CONSTRAINT_MASK ({keeps:hex}) takes {lost} away
wrong.no_notrack: {answer} leaves out what SLUB adds: {added}
wrong.flags: {answer}: {problems}
wrong.layout: {answer} would be right with the bits of {kernel}: a bit means what its kernel says
wrong.before: {answer} is the answer before {action} {value}; after it: {right}
wrong.works_below: {answer} would be right for an inactive list of fewer than {cliff} pages: the two
    scans at priority 12 then come to {limit} pages at most
wrong.works_above: {answer} would be right from {cliff} inactive pages on: only then do the two
    scans at priority 12 come to more than {limit} pages
wrong.works_reclaimable: {answer} would be right if the zone still counted as worth scanning
wrong.works_unreclaimable: {answer} would be right if the zone were given up already: then only
    priority 12 scans
wrong.slabs_empty: {answer} would be right if an empty slab always went back; it is kept while fewer
    than {least} slabs are on the partial list
wrong.slabs_full: {answer} slabs of {each:objects} would be full; what is left over takes a page too
wrong.slabs_packed: {answer} slabs would hold the {used:objects}, packed together; SLUB moves none
wrong.per_page: {answer} counts {other}; asked are {unit}
wrong.no_adj: {answer} would be right without oom_score_adj
wrong.of_ram: {answer} would be right if the limit were a share of all memory; it is a share of what
    may become dirty
wrong.place: {answer} comes at place {place}, not {given}
wrong.number: {answer}: no rule here gives that; {right}
wrong.other: {answer}: no rule here says that; {right}
"""
