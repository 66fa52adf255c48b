import { h, icon } from '../dom.js';
import { t } from '../i18n.js';

const calmMilliseconds = 900;

/**
 * The line that says the box is away. It comes only when the trouble lasts a moment, and goes at once when the box is back.
 * @param {import('../sync.js').Sync} sync
 */
export function connectionBanner(sync) {
    const text = h('span', {}, t('banner.away'));
    const retry = h('button', { type: 'button', class: 'button quiet small', onclick: () => sync.wake() }, t('banner.retry'));
    const line = h('div', { class: 'banner', hidden: true }, icon('away'), text, retry);
    const element = h('div', { class: 'banner-region', role: 'status', 'aria-live': 'polite' }, line);
    let timer = 0;
    const show = () => {
        clearTimeout(timer);
        if (sync.status === 'away') {
            timer = window.setTimeout(() => { line.hidden = false; }, calmMilliseconds);
        } else {
            line.hidden = true;
        }
    };
    const stop = sync.on('status', show);
    show();
    return {
        element,
        destroy() {
            clearTimeout(timer);
            stop();
        },
    };
}
