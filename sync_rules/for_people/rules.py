"""The rules by number, in words: the page docs/rules.md, and `supplysync explain RULE` (O7).

Code, tests and reason codes name these numbers. The package carries the words so that an installed one can say them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Topology": {
        "T1": "There is exactly one central and one primary. Site ids and codes are unique; a database belongs to one site.",
        "T2": "A store is active on exactly one site. A mobile site has at most one active store.",
        "T3": "Every store has an instance on central and on primary; on central a collector unless the file says otherwise.",
        "T4": "Elsewhere a store has no instance where it is visible to no store active there, a transfer instance where it is; a collector only where the file asks for one and the store is visible. Visibility moves instances by itself.",
        "T5": "A collector is a full read-only copy. A transfer instance is the store record, and the transfers into that store.",
        "T6": "A store that is a transfer instance on central sends nothing but transfers; its data is not in the warehouse. A store active on central and visible nowhere goes to no site.",
        "T7": "Each site's database has its own view of the topology (`store_site`), delivered to it.",
        "T8": "A disabled site is neither pulled nor delivered to, and the sync report says so.",
        "T9": "Every version of the topology is kept.",
        "T10": "The file names stores by code; store records are data. A code without a record is allowed and comes to life with the record. A record whose code the file does not name has no active site.",
    },
    "Who may edit, who receives": {
        "R1": "A line has the owner of its document. Ownership is read from the row, its parent and what central holds, never from what the sender claims.",
        "R2": "A change needs authority over the record as it was and as it will be.",
        "R3": "A record that reaches a site for two reasons stays until the last is gone.",
        "R4": "A change is not sent back to the site that made it, unless central altered it.",
        "R5": "Site clocks decide nothing: authority first, then the owner's own order.",
        "R6": "Deletes follow the same authority, and reach everyone who holds the record.",
        "R7": "A record that comes into a site's scope is sent whole with what depends on it. One that leaves is removed there, unless rows of the site's own refer to it.",
        "R8": "Where two sites may edit one record, a change is admitted only if its maker had seen the other's.",
    },
    "Capture and pull": {
        "P1": "Triggers capture, into one log with one sequence; keys, not values. Rows written by delivery are not logged.",
        "P2": "A pull is net of repeats, in one snapshot, up to a safe mark; nothing is lost to numbers that become visible out of order.",
        "P3": "Only what leaves a site by its policy, instance and switches is read.",
        "P4": "The first contact reads the tables.",
        "P5": "What was pulled is kept, immutable.",
        "P6": "A site's identity (id, database, epoch) travels with every exchange; one that holds what central never sent "
        "fails alone.",
        "P7": "A site that is down, slow or broken never delays or fails another.",
        "P8": "Central and primary are admitted first; until both were pulled once no other site is.",
        "P9": "When what leaves a site grows, the rows that newly leave are read whole.",
        "P10": "Central connects to the sites.",
    },
    "Admission": {
        "A1": "Each change gets one verdict with a reason code: admitted, rejected, or waiting, which is retried each cycle.",
        "A2": "Nothing is dropped: rejected changes are kept whole and can be shown, judged again when the cause is cured (`rejected admit`), or discarded with a note (`rejected discard`).",
        "A3": "After a rejected update or delete the site's copy is put right at its next delivery. A rejected insert stays at the site and is reported; so does a malformed value in a record that the site may edit.",
        "A4": "A bad row holds back its document, never the site.",
        "A5": "A document and its lines are admitted together or wait together.",
        "A6": "Cursors, verdicts and replicas move in one transaction.",
    },
    "Merge, route, deliver": {
        "M1": "Replicas hold exactly the admitted state, typed, without loss.",
        "M2": "Routing is set-based, once for all sites.",
        "M3": "A change set is net, self-contained, ordered, immutable; the same input gives the same bytes.",
        "M4": "One change set, one transaction at the site, its number recorded in it. Delivering twice changes nothing. The answer is kept.",
        "M5": "A site is pulled before it is delivered to; rows edited in between are left for the next cycle.",
        "M6": "What waits to go in and out of a site can always be counted.",
        "M7": "What a site does for itself at an exchange (a document's number, the visibility of a new patient in its other dispensaries) is the site's own edit: logged, and pulled like any other.",
        "M8": "A mass removal at a site is held until somebody releases it (B31).",
    },
    "Transfers": {
        "X1": "Two stores on one site: the site makes the responding half itself, at the next pull, with a real number. The same rule serves both.",
        "X2": "Central makes a responding half exactly once, and never for a document that has one already, linked either way.",
        "X3": "What was received of an order: with centralised procurement primary counts it from the goods received, and the ordering site is sent it; without, the ordering site counts it when it is delivered them.",
        "X4": "A centralised order is entered on primary for any store; both halves go to primary too.",
        "X5": "Making a responding half is the right that central has over store data, and having it follow its sender while it is not taken in: what the sender adds or changes reaches it, and when the sender names another receiver, the first one's site takes it back, and then the other store's is made. A half is taken in when its store changed its status, its hold or any line; from then on it is the store's, and the receiver is no longer changed (`taken_in_already`). Both halves go on being compared by line (`transfer_lines`).",
        "X6": "Documents that are read whole (first contact, restore) and are older than `transfer_age_limit_months` begin nothing; `supplysync transfers begin` begins one.",
        "X7": "Both stores of a transfer have an instance on each other's active site as long as either half exists, whatever T4 says.",
    },
    "Operations": {
        "O1": "A site is added with its identity and its initial data, as a change set or, for SQLite, as a database file to carry there.",
        "O2": "A store moves: the old site hands it over, the new one gets its data, and authority passes at one point of the old site's log (B47).",
        "O3": "A site without an active store is removed by `apply`; sites are paused and resumed.",
        "O4": "Any store, table or patient can be sent to a site again.",
        "O5": "A site that lost its database gets it back from the warehouse, up to its last pull. One restored from its own backup, or copied, is held until an operator lets it in: both lines of its records go on, and what both changed is listed. A copy can become a site of its own.",
        "O8": "Patients and prescribers are given another home store by an operator. It happens in a cycle that pulled the site which edits them, after what came from there.",
        "O6": "Sites are compared with central by ranges of keys, down to the rows that differ: `supplysync verify`. What a site may not edit is sent again; its own unlogged edits are taken in, or put right, as an operator says.",
        "O7": "A record, a rule or a reason code can be explained: what it is, who may edit it, where it goes and why not elsewhere, what happened to it. The answer comes from the decisions themselves, not from a second opinion.",
    },
    "Warehouse": {
        "W1": "People read published snapshots at any time, and always a whole cycle.",
        "W2": "Tables, views and columns have comments; replicas keep the sites' table names.",
        "W4": "Every report says how complete it is: which stores, as of when, which sites are silent. What is not known is not zero.",
        "W5": "*Later.* Replaying the kept pulls gives the same warehouse.",
    },
    "Bad input and security": {
        "S1": "A site changes only what it may, whatever it sends. Each forgery has a reason code, and the cycle goes on.",
        "S2": "Secrets come from the environment and appear in no log, error or file.",
        "S3": "Errors of configuration name the key, what was found and what is allowed; nothing is half applied.",
        "S4": "Identifiers reach SQL only from the declared tables, values only as parameters.",
        "S5": "Columns declared secret never leave the site.",
    },
    "Fine print": {
        "B1": "One SQLite library for a file in a process ([decision 7](decisions/0007-one-driver-per-engine-values-as-text.md)).",
        "B3": "Two warehouse transactions a cycle ([decision 6](decisions/0006-two-warehouse-transactions-a-cycle.md)).",
        "B4": "At first contact a row equal to central's is adopted; one that differs and that the site may not edit is rejected and put right; an unknown one is a rejected insert.",
        "B5": "One central sequence, a position for each site ([decision 5](decisions/0005-scopes-and-the-central-sequence.md)).",
        "B6": "Foreign keys: within a document, to what every site has, and from patients to what is theirs. Stores, links between documents, locations, stock lines and users are named without one.",
        "B7": "Where primary is not central, stores have a transfer instance there by default, or a collector if the file says so.",
        "B8": "Each cycle first writes a file that names its pulls, the topology text, the time and the version of the rules; "
        "what sites answered is a file before it is known. A warehouse that is behind is brought along from these.",
        "B9": "Values: numbers of at most 15 significant digits, 6 decimals; dates `YYYY-MM-DD`; times in UTC to the microsecond; years 1900 to 2999; text in UTF-8 without NUL, at most 1 MiB; where a column has a list of words, one of these; something where nothing may be empty. Anything else is malformed, judged anew when the list is another one.",
        "B10": "Every captured table has one text key, `id`. Keys displaced by `INSERT OR REPLACE` are logged too.",
        "B11": "The table and key of a delete may travel. Deleting what central never held is admitted, and closes what waited for it.",
        "B12": "Unreachable: refused, timeout, unknown host, missing file, locked. Failed: everything else. Only failed sites fail a run.",
        "B13": "A fresh machine needs Python 3.11, git and make; PostgreSQL comes with the installation.",
        "B14": "The demo has over 60 000 document lines, and balances that equal their movements; random tests count what they do.",
        "B15": "`site` and `store_site` are written from `topology.toml` only; an edit by a person is put right.",
        "B16": "Published copies have no ledger, no patients, no accounts, no secrets.",
        "B17": "Relative paths of databases start at the folder of `topology.toml`. Central's own database is a site like any other.",
        "B18": "The record of a store that `topology.toml` places is not deleted, and no second one gets its code. It may get another code: it stays where it is, and `plan` says so until the file has that too.",
        "B19": "A row edited since the pull, or still referred to, is skipped in delivery with all that depends on it, and comes again. What the site's own database refuses is left out with its document, told in that database's words, and tried again once something changes there; the rest arrives.",
        "B20": "A store and an item are reported together where the store has a stock line, the item is on one of its lists, or some is on the way. Usage has every month from the first movement; days without stock are counted where movements explain the stock.",
        "B21": "Who: in the ledger of changes the site, in that of operations the user and the host.",
        "B22": "A dispensary with `include_transactions` off keeps its stock records to itself, but for invoices that are halves of transfers, with their lines.",
        "B24": "What supplysync does at a site is the site's own edit, logged and pulled (M7): at the pull, new patients become visible in its other dispensaries, and local transfers get their other half; in the transaction of delivery, responding halves get their number, a message about the initiating half is written, and received quantities are counted.",
        "B23": "A transfer gives each store a transfer instance at the other's site (X7).",
        "B25": "Counters of document numbers belong to their store. The next number is one more than the counter, or than the highest number of that store and kind at the site.",
        "B26": "When what leaves a site grows, it is read whole; when it shrinks, the replicas leave the reports.",
        "B27": "A store of which central has no copy is not moved; the plan says what to switch on and sync first.",
        "B28": "Changes to data of a store that the file does not place wait; nothing is sent back.",
        "B29": "A store is handed over at one point of the old site's log, and active nowhere until the new site has everything.",
        "B30": "The age limit of X6 holds for rows that are read whole, never for rows that come by the log, however late. *Begins when* means that status or a later one. A half that was deleted is never made again; deleting the initiating half leaves the other and unlinks it.",
        "B31": "A change set that would remove over 1 000 rows, and over a tenth of any table's rows at a site, is held until `supplysync release` (M8).",
        "B32": "Visibility of patients and prescribers: new rows by the home site, for stores active there; everything else by primary.",
        "B33": "Patients, prescribers and what belongs to them are edited on their home site: where the home store is active, if a dispensary is active there; else, or without a home store, on primary. A home store that nobody named is filled in from the first visibility or the latest prescription; at the site itself where only prescriptions tell that do not leave it. A repeat that is dispensed elsewhere is counted off at home, by the next delivery there, as the home site's own edit; what people counted at home stays so, wherever that is later; what came with a first contact is listed only.",
        "B34": "Where two sites may edit one record (`repeats_anywhere`), a change is admitted only if its site had been sent the last change of the others (R8).",
        "B35": "A merge needs authority over both records; people of different home sites are merged on primary. No circles, no locations of two stores, no two stores made one, no store its own customer. Flags of joins that become one are OR-ed; lines of documents stay apart.",
        "B36": "Central's collectors live in the warehouse only.",
        "B37": "`topology.toml` alone switches centralised procurement and payments. While on, stores' sites make no new documents of the kind, unless `local_procurement` lets them; those that exist keep their owner until finalised. A switch holds for a site from the place in its log at which it was delivered: what was written before keeps its owner. What is refused begins no transfer, at its own site either; what a site made of it already is refused with it (X1).",
        "B38": "A site may create messages from a store active on it, or with a blank sender. Nobody edits or deletes them afterwards.",
        "B39": "Columns declared secret never leave the site; a new user reaches central once, later edits stay at the site.",
        "B40": "Further columns of documents and their statuses.",
        "B41": "Only placed stores appear in reports, whose data reaches central. Usage of the system is what patients got and what customers got that are not such stores.",
        "B42": "Stock moves by finalised invoices and adjustments; goods received and stocktakes move nothing themselves.",
        "B43": "Central opens the connection (P10). Exchange of the same files by hand is *later*.",
        "B44": "`sync` goes by what was applied last, never by the file as it lies there, and says where that differs; what needs no `apply` it takes at once. The first cycle of a project applies its file.",
        "B45": "Sites and stores added, removed, moved or renamed, collectors, instances on central, primary, the kind of a site, the currency and every option that changes authority or audience touch records or rights. Names, schedules, thresholds, an address of the same database, and whether a site is enabled touch neither.",
        "B46": "A plan counts what a changed `topology.toml` would do by doing it in a transaction that is rolled back: what it counts is what is done, to the row.",
        "B47": "A store moves in steps that cycles carry on: the old site hands it over in the transaction in which it is told so, if nothing of it is unsent there; the new site, which is sent everything from the start, gets the rest; then it is active there; then the old site loses what it is to lose. In between it is active nowhere: what others write of it waits, what the old site writes is refused and put right. Before that a move can be called off; from a lost site a store is taken unasked, and what that site wrote since is taken in for the new owner when an operator says so.",
        "B49": "Another site becomes primary as a store moves: unsent edits of the old primary come first, it is told that it is primary no more, the new one has all that primary has, and then it is told that it is.",
        "B48": "What never leaves a site, and passwords, stay where they are when a store moves; the plan counts them by table where the old site can be asked.",
        "B50": "Of a restored site central knows up to where each pull read its log, and the entries that it read: the last place that the log still has is the fork. What only the lost line changed goes to the site; what only its database has is judged like any change; of what both changed the site's holds and both versions are listed; of a counter the higher number holds. The site's own steps (X1, B33) wait until it has what the lost line changed. Without a fork all is read and compared: nothing is deleted, and an operator says whose rows hold where both have a record.",
        "B51": "Letting a site in again, filling a lost one and the like count first, ask, and are decisions that a replay reads; they can be killed anywhere and are done by the next cycle.",
        "B53": "The server has a line, an id that is begun with its first cycle and anew where it is made again from a backup; a line knows those that it goes on from. Numbers of change sets belong to a line. A site goes on with the server that it met last, and with one whose line goes on from that: it is then read from where that server stopped, with what came and went since, and is given what it lacks. It refuses another central, and the old one when it comes back.",
        "B54": "What is kept of cycles, put into an empty warehouse, gives the warehouse again: `supplysync replay` compares both, table by table, by a hash of their rows. A backup carries that hash.",
        "B55": "Nothing grows without bound: `[retention]` says for how many days what is kept of the past stays. The first cycle of a day forgets what is older and what nobody needs; its file says so, so that a replay forgets the same. Landed pulls and change sets go only where a backup has them, a site's log never past what a backup on the list knows. Backups of the server are known by its project, until they are forgotten: with each goes the last cycle that it has.",
        "B56": "`verify` compares what should be equal: records of the scopes that a site has, of which nothing is past its position, skipped, listed or edited there since it was pulled. Columns that it lacks are left out, secret and local data always.",
        "B57": "Each table has a generation, which is another one whenever its changes may have gone unlogged: triggers away or changed, a unique key or column of another kind, a log that others wrote to, a server of another cluster. The next pull reads such a table whole, and central compares it: what the site may change counts as its edits and deletes, the rest is put right. More than 1 000 changed or deleted records, and over a tenth of the table, are held until `supplysync release`.",
        "B58": "Only the rows of the change set are the delivery's: what a trigger or cascade of the site's own program writes or makes otherwise meanwhile is the site's edit, logged and judged like any. What comes back as it was before is told once and not sent again until either side changes it.",
        "B59": "A record that its site keeps to itself from now on, as its store, document or flag is another, leaves the warehouse and the collectors in that cycle. Only who may delete a record may withdraw it; of half of a transfer that counts as a delete.",
        "B60": "A transfer begins by a step: an admitted change that brings a document into its state, or to another store as other party, or that brings the document itself, by the log, after a gap in capture or out of waiting. An edit that leaves it as it was begins nothing. What was finished while its other party was no store that `topology.toml` places is history, whatever becomes of the party: listed, counted nowhere, and begun by `supplysync transfers begin` alone. Rows read whole go by their age (B30).",
        "B61": "What a change is judged by is what is so after the pull: central's state, with what all sites of the cycle edit and without what they delete, as far as that is admitted; the order in which people worked decides nothing. Deletes of what others may refer to, and merges of names, come last.",
    },
}

WORDS: Mapping[str, str] = {number: said for rules in SECTIONS.values() for number, said in rules.items()}
"""What each rule says, by number, as Markdown."""


def plain(number: str) -> str:
    """What a rule says, as plain text: without links and emphasis."""
    return re.sub(r"\*(\w[^*]*)\*", r"\1", re.sub(r" ?\(?\[[^\]]*\]\([^)]*\)\)?", "", WORDS[number]))


def rules_page() -> str:
    """The page docs/rules.md."""
    lines = [
        "# The rules, by number",
        "",
        "Code, tests and reason codes name these numbers. Words are those of",
        "[architecture.md](architecture.md#words). Rules that this version does not carry out yet are marked *later*.",
        "Rendered from `sync_rules/for_people/rules.py` by `supplysync explain --markdown`; a test compares the two.",
    ]
    for title, rules in SECTIONS.items():
        lines += ["", f"## {title}", "", "| rule | says |", "|---|---|"]
        lines += [f"| **{number}** | {said} |" for number, said in rules.items()]
    return "\n".join(lines) + "\n"
