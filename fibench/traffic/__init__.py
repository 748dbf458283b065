"""Load and its truth: what was due, sent and received, request by request.

    pacer      when requests are due (pure, seeded)          job        what one window sends (frozen)
    engine     forks pinned client processes, joins them     open_loop, closed_loop   the two native loops on epoll
    locust_engine, threads_engine    the peers' ways         record     24 bytes a request, raw, on disk
    server, tree   a server under test and what it uses      window     records → numbers; validity   → or a refusal
    capacity   the search for the highest rate that holds

Child side: the standard library, numpy after the window, httptools, and nothing else of fibench but `errors`. It is not
called `load`, because a package of that name would hide the public `fibench.load`.
"""
