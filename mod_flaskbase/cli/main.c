/* Entry of the management command. */
#include <stdio.h>

#include "base/banned.h"

int main(void)
{
    if (puts("flaskbase " FB_VERSION) < 0) {
        return 1;
    }
    return 0;
}
