import { currentLocale, t } from './i18n.js';

const dayMilliseconds = 86400000;

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * Intl formatters are slow to make, so each is made once.
 * @param {Intl.DateTimeFormatOptions} options
 */
function dateFormat(options) {
    const key = currentLocale() + JSON.stringify(options);
    const format = formats.get(key) || new Intl.DateTimeFormat(currentLocale(), options);
    formats.set(key, format);
    return format;
}

/** @param {number} time */
export function clockTime(time) {
    return dateFormat({ hour: 'numeric', minute: '2-digit' }).format(time);
}

/** @param {number} time */
export function fullTime(time) {
    return dateFormat({ dateStyle: 'full', timeStyle: 'short' }).format(time);
}

/** @param {number} time */
export function shortDate(time) {
    return dateFormat({ year: 'numeric', month: 'short', day: 'numeric' }).format(time);
}

/** @param {number} time */
export function dayNumber(time) {
    const date = new Date(time);
    return Math.floor(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / dayMilliseconds);
}

/**
 * @param {number} time
 * @param {number} now
 */
export function dayName(time, now) {
    const age = dayNumber(now) - dayNumber(time);
    if (age === 0) {
        return t('day.today');
    }
    if (age === 1) {
        return t('day.yesterday');
    }
    if (age > 1 && age < 7) {
        return dateFormat({ weekday: 'long' }).format(time);
    }
    const sameYear = new Date(time).getFullYear() === new Date(now).getFullYear();
    return dateFormat(sameYear ? { weekday: 'long', month: 'long', day: 'numeric' } : { year: 'numeric', month: 'long', day: 'numeric' }).format(time);
}

/**
 * The short time at the end of a row in the room list.
 * @param {number} time
 * @param {number} now
 */
export function listTime(time, now) {
    const age = dayNumber(now) - dayNumber(time);
    if (age === 0) {
        return clockTime(time);
    }
    if (age === 1) {
        return t('day.yesterday');
    }
    if (age > 1 && age < 7) {
        return dateFormat({ weekday: 'short' }).format(time);
    }
    return dateFormat({ year: '2-digit', month: 'numeric', day: 'numeric' }).format(time);
}

/** @param {number} bytes */
export function fileSize(bytes) {
    const units = ['size.bytes', 'size.kilobytes', 'size.megabytes', 'size.gigabytes'];
    let value = bytes;
    let unit = 0;
    while (value >= 1000 && unit < units.length - 1) {
        value /= 1000;
        unit += 1;
    }
    const digits = unit === 0 || value >= 100 ? 0 : 1;
    return t(units[unit], { size: value.toLocaleString(currentLocale(), { maximumFractionDigits: digits }) });
}

/** @param {string[]} names */
export function listOfNames(names) {
    const Format = /** @type {any} */ (Intl).ListFormat;
    return Format ? new Format(currentLocale(), { type: 'conjunction' }).format(names) : names.join(t('list.separator'));
}

/** @param {number} count */
export function badgeCount(count) {
    return count > 99 ? '99+' : count.toLocaleString(currentLocale());
}
