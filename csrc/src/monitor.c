#if defined(__APPLE__)
#define _DARWIN_C_SOURCE /* pthread_cond_timedwait_relative_np: macOS has no monotonic condition clock */
#endif

#include "pfx/monitor.h"

#include <time.h>

#define NANOSECONDS 1000000000LL

int64_t pfx_deadline(int64_t timeout) {
    if (timeout < 0) {
        return INT64_MAX;
    }
    int64_t now = pfx_monotonic_ns();
    return timeout > INT64_MAX - now ? INT64_MAX : now + timeout;
}

#if defined(_WIN32)

pfx_status pfx_monitor_init(pfx_monitor *monitor) {
    InitializeSRWLock(&monitor->lock);
    InitializeConditionVariable(&monitor->condition);
    return PFX_OK;
}

void pfx_monitor_destroy(pfx_monitor *monitor) {
    (void)monitor;
}

void pfx_monitor_enter(pfx_monitor *monitor) {
    AcquireSRWLockExclusive(&monitor->lock);
}

void pfx_monitor_leave(pfx_monitor *monitor) {
    ReleaseSRWLockExclusive(&monitor->lock);
}

bool pfx_monitor_wait(pfx_monitor *monitor, int64_t deadline) {
    DWORD milliseconds = INFINITE;
    if (deadline != INT64_MAX) {
        int64_t left = deadline - pfx_monotonic_ns();
        if (left <= 0) {
            return false;
        }
        int64_t rounded = (left + 999999) / 1000000;
        milliseconds = rounded < INFINITE - 1 ? (DWORD)rounded : INFINITE - 1;
    }
    return SleepConditionVariableSRW(&monitor->condition, &monitor->lock, milliseconds, 0) != 0;
}

void pfx_monitor_wake_one(pfx_monitor *monitor) {
    WakeConditionVariable(&monitor->condition);
}

void pfx_monitor_wake_all(pfx_monitor *monitor) {
    WakeAllConditionVariable(&monitor->condition);
}

int64_t pfx_monotonic_ns(void) {
    LARGE_INTEGER count, frequency;
    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    return count.QuadPart / frequency.QuadPart * NANOSECONDS +
           count.QuadPart % frequency.QuadPart * NANOSECONDS / frequency.QuadPart;
}

#else

pfx_status pfx_monitor_init(pfx_monitor *monitor) {
    if (pthread_mutex_init(&monitor->lock, NULL) != 0) {
        return PFX_NO_MEMORY;
    }
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        pthread_mutex_destroy(&monitor->lock);
        return PFX_NO_MEMORY;
    }
#if !defined(__APPLE__)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
    int failed = pthread_cond_init(&monitor->condition, &attributes);
    pthread_condattr_destroy(&attributes);
    if (failed) {
        pthread_mutex_destroy(&monitor->lock);
        return PFX_NO_MEMORY;
    }
    return PFX_OK;
}

void pfx_monitor_destroy(pfx_monitor *monitor) {
    pthread_cond_destroy(&monitor->condition);
    pthread_mutex_destroy(&monitor->lock);
}

void pfx_monitor_enter(pfx_monitor *monitor) {
    pthread_mutex_lock(&monitor->lock);
}

void pfx_monitor_leave(pfx_monitor *monitor) {
    pthread_mutex_unlock(&monitor->lock);
}

bool pfx_monitor_wait(pfx_monitor *monitor, int64_t deadline) {
    if (deadline == INT64_MAX) {
        return pthread_cond_wait(&monitor->condition, &monitor->lock) == 0;
    }
    int64_t time = deadline;
#if defined(__APPLE__)
    time -= pfx_monotonic_ns();
    if (time <= 0) {
        return false;
    }
#endif
    struct timespec when = {.tv_sec = (time_t)(time / NANOSECONDS), .tv_nsec = (long)(time % NANOSECONDS)};
#if defined(__APPLE__)
    return pthread_cond_timedwait_relative_np(&monitor->condition, &monitor->lock, &when) == 0;
#else
    return pthread_cond_timedwait(&monitor->condition, &monitor->lock, &when) == 0;
#endif
}

void pfx_monitor_wake_one(pfx_monitor *monitor) {
    pthread_cond_signal(&monitor->condition);
}

void pfx_monitor_wake_all(pfx_monitor *monitor) {
    pthread_cond_broadcast(&monitor->condition);
}

int64_t pfx_monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec;
}

#endif
