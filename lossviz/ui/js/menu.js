// On a narrow screen the navigation is a panel that lies over the page. It closes when a page was chosen in it.

const LINK = '[data-testid="stSidebar"] [data-testid="stSidebarNavLink"]';
const CLOSE = '[data-testid="stSidebar"] [data-testid="stSidebarCollapseButton"] button';

document.addEventListener("click", (event) => {
  if (!event.target.closest?.(LINK) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  setTimeout(() => document.querySelector(CLOSE)?.click()); // Streamlit follows the link first
});
