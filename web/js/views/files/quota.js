import { h } from '../../dom.js';
import { fileSize } from '../../format.js';
import { t } from '../../i18n.js';

/**
 * How much one uses, of one's share or of the disk.
 * @param {{used: number, quota?: number|null, disk_free?: number, disk_size?: number}} use
 */
export function quotaBar(use) {
    const hasQuota = typeof use.quota === 'number';
    const most = hasQuota ? Number(use.quota) : typeof use.disk_free === 'number' ? use.used + use.disk_free : 0;
    const text = hasQuota ? t('storage.ofQuota', { used: fileSize(use.used), quota: fileSize(Number(use.quota)) })
        : typeof use.disk_free === 'number' ? t('storage.ofDisk', { used: fileSize(use.used), free: fileSize(use.disk_free) }) : t('storage.used', { used: fileSize(use.used) });
    const share = most > 0 ? Math.min(1, use.used / most) : 1;
    const fill = h('span', { class: 'quota-fill' + (share > 0.9 ? ' full' : '') });
    fill.style.width = Math.max(share * 100, 1) + '%';
    return h('div', { class: 'quota' }, h('div', { class: 'quota-bar', role: 'meter', 'aria-label': t('storage.title'), 'aria-valuemin': '0', 'aria-valuemax': '100', 'aria-valuenow': String(Math.round(share * 100)) }, fill),
        h('p', { class: 'muted small' }, text));
}
