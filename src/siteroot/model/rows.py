"""The rows that placing and journalling take: nested plain tuples that marshal (version 2) can hold.

Everything about a change is in them and nothing is asked again: what is staged, which moves lead from the old tree
to the new, which times folders get. `root/` knows no other input. Paths are relative to the root, POSIX; only an
interpreter layout has paths that lead out of it ("../../../bin/x"). This module imports nothing, because the
placing modules may not (DESIGN.md 3).

    StoredRow    (path, source, size, mode, mtime, sha256)
                     a file from the store; source relative to the entry's folder, mtime in seconds, sha256 32 bytes
    RenderedRow  (path, content, mode, mtime)
                     a file that siteroot renders
    Job          (source, label, stored, rendered)
                     source is the store entry's folder, absolute ("" where nothing is stored); label is
                     "NAME==VERSION", for messages
    Staging      (anchors, folders, jobs)
                     anchors are folders that may lie on another file system: those outside the root that are used
                     ("../../../bin"), and in a change the scheme folders inside; folders are all folders of the
                     staged tree, parents first, without "" and without the anchors outside; jobs come largest first
    Move         (kind, path)
                     "aside"    what stands at path is moved away, into the old files
                     "replace"  what stands at path is saved into the old files, the staged file takes its place
                     "place"    the staged file goes to path, where nothing stands
                     "make"     a folder is made at path
                     "drop"     the folder at path is removed if it is empty
    FolderTime   (folder, time)
    Change       (staging, moves, times, kept_times)
                     an existing root: times in seconds, deepest folder first, set when all moves are done;
                     kept_times in nanoseconds, what the folders had before, for undoing
    Fresh        (staging, times)
                     a root that appears whole, by one rename: times in seconds, deepest first, "" (the root) last

A memo keeps its root's rows packed, for whichever process places them to unpack: rows that are unpacked before
processes are forked lie in memory that each of these copies, for who looks at a value counts a reference to it.

    PackedJob    (source, label, packed, count, size, rendered)
                     a job, or a part of a large one: packed are its stored rows, by marshal; count and size are those
                     of their files
"""

StoredRow = tuple[str, str, int, int, int, bytes]
RenderedRow = tuple[str, bytes, int, int]
Job = tuple[str, str, tuple[StoredRow, ...], tuple[RenderedRow, ...]]
Staging = tuple[tuple[str, ...], tuple[str, ...], tuple[Job, ...]]
Move = tuple[str, str]
FolderTime = tuple[str, int]
Change = tuple[Staging, tuple[Move, ...], tuple[FolderTime, ...], tuple[FolderTime, ...]]
Fresh = tuple[Staging, tuple[FolderTime, ...]]
PackedJob = tuple[str, str, bytes, int, int, tuple[RenderedRow, ...]]
PackedStaging = tuple[tuple[str, ...], tuple[str, ...], tuple[PackedJob, ...]]
PackedFresh = tuple[PackedStaging, tuple[FolderTime, ...]]
