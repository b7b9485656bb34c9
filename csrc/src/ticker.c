#include "pfx/ticker.h"

#include <stddef.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <pthread.h>
#include <signal.h>
#include <time.h>
#endif

#define PERIOD 4 /* milliseconds */
#define PATIENCE (1000 / PERIOD)

static pfx_ticker shared;

/* The thread's life. Between `running` and `wanted` there is the order of Dekker's algorithm: who wants the thread
 * writes `wanted` and reads `running`, the thread that is about to end writes `running` and reads `wanted`. */
static void run(void (*nap)(void)) {
    uint32_t quiet = 0;
    for (;;) {
        nap();
        atomic_fetch_add(&shared.ticks, 1);
        quiet = atomic_exchange(&shared.wanted, 0) ? 0 : quiet + 1;
        if (quiet < PATIENCE) {
            continue;
        }
        atomic_store(&shared.running, 0);
        atomic_fetch_add(&shared.ticks, 1);
        uint32_t none = 0;
        if (!atomic_exchange(&shared.wanted, 0) || !atomic_compare_exchange_strong(&shared.running, &none, 1)) {
            return;
        }
        quiet = 0;
    }
}

#if defined(_WIN32)

static void nap(void) {
    Sleep(PERIOD);
}

static DWORD WINAPI body(void *nothing) {
    (void)nothing;
    run(nap);
    return 0;
}

static bool start(void) {
    HANDLE thread = CreateThread(NULL, 65536, body, NULL, 0, NULL);
    if (thread == NULL) {
        return false;
    }
    CloseHandle(thread);
    return true;
}

#else

static void nap(void) {
    struct timespec time = {.tv_sec = 0, .tv_nsec = PERIOD * 1000000L};
    nanosleep(&time, NULL);
}

static void *body(void *nothing) {
    (void)nothing;
    run(nap);
    return NULL;
}

static void forked(void) {
    atomic_store(&shared.running, 0);
    atomic_fetch_add(&shared.ticks, 1);
}

static void watch_forks(void) {
    pthread_atfork(NULL, NULL, forked);
}

static bool start(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int failed = pthread_create(&thread, &attributes, body, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed == 0;
}

#endif

pfx_ticker *pfx_ticker_shared(void) {
    return &shared;
}

bool pfx_ticker_want(pfx_ticker *ticker) {
    atomic_store(&ticker->wanted, 1);
    uint32_t none = 0;
    if (atomic_load(&ticker->running) || !atomic_compare_exchange_strong(&ticker->running, &none, 1)) {
        return true;
    }
    if (start()) {
        return true;
    }
    atomic_store(&ticker->running, 0);
    return false;
}
