/* Entry of the management command. */
#include <stdio.h>

int main(void)
{
    if (puts("flaskbase " FB_VERSION) < 0) {
        return 1;
    }
    return 0;
}
