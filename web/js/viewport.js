/**
 * iOS lays its keyboard over the page instead of making the page smaller. The visible height goes into a custom property,
 * so that the composer stays above the keyboard.
 */
export function keepViewportHeight() {
    const viewport = window.visualViewport;
    if (!viewport) {
        return;
    }
    const update = () => {
        const style = document.documentElement.style;
        if (viewport.scale > 1.01) {
            return;
        }
        style.setProperty('--visible-height', Math.round(viewport.height) + 'px');
        if (viewport.height < window.innerHeight) {
            window.scrollTo(0, 0);
        }
    };
    viewport.addEventListener('resize', update);
    update();
}
