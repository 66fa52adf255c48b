import { h, icon } from '../dom.js';
import { colourOf, initial } from '../naming.js';

const thumbnail = /** @type {{width: number, height: number, method: 'crop'}} */ ({ width: 96, height: 96, method: 'crop' });

/**
 * A round picture, or the first letter on a colour of its own. It stands beside the name, so screen readers skip it.
 * @param {import('../media.js').Media} media
 * @param {{name: string, colourKey: string, mxc?: string, symbol?: string}} picture
 * @param {'small'|'medium'|'large'|'huge'} size
 * @returns {HTMLElement}
 */
export function avatar(media, picture, size) {
    const element = h('span', { class: 'avatar avatar-' + size + ' tint-' + colourOf(picture.colourKey), 'aria-hidden': 'true' }, picture.symbol ? icon(picture.symbol) : initial(picture.name));
    if (picture.mxc) {
        const image = h('img', { alt: '', decoding: 'async' });
        const show = (/** @type {string} */ url) => {
            image.src = url;
            element.append(image);
        };
        const atHand = media.addressAtHand(picture.mxc, thumbnail);
        if (atHand) {
            show(atHand);
        } else {
            media.address(picture.mxc, thumbnail).then(show).catch(() => {});
        }
    }
    return element;
}

/**
 * @param {import('../media.js').Media} media
 * @param {{user_id: string, display_name?: string, avatar_url?: string}} person
 * @param {string} name
 */
export function personAvatar(media, person, name) {
    return avatar(media, { name, colourKey: person.user_id, mxc: person.avatar_url }, 'medium');
}
